mod attribution;
mod masking;
mod proxying;
