//! Weights as matrices, for what is done to them after training.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use model::weights::HostTensor;

/// A network's tensors by name.
pub(crate) type Tensors = HashMap<String, HostTensor>;

/// Row by row.
pub(crate) type Matrix = Vec<Vec<f64>>;

/// A tensor as rows of this length. Fails where it is missing or does not divide.
pub(crate) fn rows(tensors: &Tensors, name: &str, length: usize) -> Result<Matrix> {
    let tensor = tensors.get(name).with_context(|| format!("the tensor {name} is missing"))?;
    ensure!(length > 0 && tensor.values.len().is_multiple_of(length), "the tensor {name} has another shape");
    Ok(tensor.values.chunks_exact(length).map(|row| row.iter().map(|v| f64::from(*v)).collect()).collect())
}

/// Puts a matrix, or with rows of one value a vector, in the place of a tensor.
pub(crate) fn write(tensors: &mut Tensors, name: &str, matrix: &[Vec<f64>]) {
    let values: Vec<f32> = matrix.iter().flatten().map(|value| *value as f32).collect();
    let shape = match matrix.first().map_or(0, Vec::len) {
        1 => vec![matrix.len()],
        length => vec![matrix.len(), length],
    };
    tensors.insert(name.to_owned(), HostTensor { shape, values });
}

/// `a` times `b`.
pub(crate) fn multiply(a: &[Vec<f64>], b: &[Vec<f64>]) -> Matrix {
    let columns = b.first().map_or(0, Vec::len);
    let entry =
        |row: &[f64], column: usize| row.iter().zip(b).map(|(value, other)| value * other[column]).sum();
    a.iter().map(|row| (0..columns).map(|column| entry(row, column)).collect()).collect()
}
