//! What lies between two layers.

use super::head::Output;
use super::kernel::filled;

/// What the network says of a picture, and what it saw where.
#[derive(Debug, Clone, PartialEq)]
pub struct Sight {
    /// The network's answer.
    pub output: Output,
    /// What the answer was pooled from, or an earlier map where that was asked for.
    pub map: FeatureMap,
}

/// A feature map; the last one is activated, so that none of its values is negative.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeatureMap {
    /// Width and height, positions.
    pub size: usize,
    /// `[size * size, channels]`
    pub values: Vec<f32>,
}

impl FeatureMap {
    /// Without border, and without what fills up its channels.
    pub(super) fn copy(map: &Map, channels: usize) -> Self {
        let pixels = (0..map.size()).flat_map(|y| map.row(y).chunks_exact(map.channels()));
        let values = pixels.flat_map(|pixel| &pixel[..channels]).copied().collect();
        Self { size: map.size(), values }
    }
}

/// A square map with a border of one pixel of zeros, as a 3x3 convolution reads it: `[size + 2, size + 2, channels]`. The
/// channels are [`filled`]; those that fill it up are zero.
#[derive(Debug, Default)]
pub(super) struct Map {
    size: usize,
    channels: usize,
    values: Vec<f32>,
}

impl Map {
    /// A map for `channels` channels that are not filled up.
    pub(super) fn bare(size: usize, channels: usize) -> Self {
        Self { size, channels, values: vec![0.0; (size + 2) * (size + 2) * channels] }
    }

    /// Makes this a map of another shape in the same memory. Its border is zero; what lies inside is not said.
    pub(super) fn reshape(&mut self, size: usize, channels: usize) {
        let channels = filled(channels);
        if (self.size, self.channels) == (size, channels) {
            return;
        }
        (self.size, self.channels) = (size, channels);
        let length = (size + 2) * channels;
        if self.values.len() < (size + 2) * length {
            self.values.resize((size + 2) * length, 0.0);
        }
        for (y, line) in self.values.chunks_exact_mut(length).take(size + 2).enumerate() {
            if y == 0 || y == size + 1 {
                line.fill(0.0);
            } else {
                line[..channels].fill(0.0);
                line[length - channels..].fill(0.0);
            }
        }
    }

    /// Width and height without the border, pixels.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Values a pixel.
    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// Row `y` with its border, `[size + 2, channels]`; row 0 is border.
    pub(super) fn line(&self, y: usize) -> &[f32] {
        let length = (self.size + 2) * self.channels;
        &self.values[y * length..][..length]
    }

    /// Row `y` without border, `[size, channels]`.
    pub(super) fn row(&self, y: usize) -> &[f32] {
        &self.line(y + 1)[self.channels..][..self.size * self.channels]
    }

    /// [`Map::row`], to be written.
    pub(super) fn row_mut(&mut self, y: usize) -> &mut [f32] {
        let length = (self.size + 2) * self.channels;
        &mut self.values[(y + 1) * length + self.channels..][..self.size * self.channels]
    }

    /// `COUNT` rows from `y` on without border, to be written.
    pub(super) fn rows_mut<const COUNT: usize>(&mut self, y: usize) -> [&mut [f32]; COUNT] {
        let length = (self.size + 2) * self.channels;
        let inside = self.channels..self.channels + self.size * self.channels;
        let mut lines = self.values[(y + 1) * length..].chunks_exact_mut(length);
        std::array::from_fn(|_| lines.next().map_or(&mut [][..], |line| &mut line[inside.clone()]))
    }
}
