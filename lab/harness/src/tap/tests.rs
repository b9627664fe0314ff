mod attribution;
mod disturbing;
mod masking;
mod proxying;
