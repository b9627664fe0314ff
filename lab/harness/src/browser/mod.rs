//! Scripted browsers: people's browsers played without JavaScript, hop by hop.
