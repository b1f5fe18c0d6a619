//! Classifiers of others: any ONNX model that sorts texts, as a classifier of Guiju (docs/formats/onnx.md).
//!
//! A directory holds the model, its tokenizer and a table that says which of our labels each of its own stands for. What the model says is made our
//! scores here; calibrating, flagging and finding are [`detect::classifier`]'s. No network, and no file after [`Onnx::open`]. Without the feature
//! `runtime` the crate is empty.
#![cfg(feature = "runtime")]

mod calibration;
mod error;
mod files;
mod mapping;
mod model;
mod network;
mod table;
mod tokens;

pub use error::OnnxError;
pub use files::{MAX_MODEL_BYTES, MAX_TOKENIZER_BYTES};
pub use model::Onnx;
pub use table::{About, MAX_LABELS, MAX_TOKENS};
pub use tokens::MAX_WINDOWS;
