mod attribution;
mod balancing;
mod disturbing;
mod masking;
mod proxying;
