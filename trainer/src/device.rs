//! Where tensors are computed: maps the choice of the command line to a device of Burn.
//!
//! Each backend but the CPU's is behind a cargo feature of this crate, so that a lean build stays quick. Asking for a
//! backend that is not compiled in, or has no hardware here, is an error that says what to do; `auto` takes the
//! fastest one there is.

use anyhow::{Result, bail};
use burn::tensor::Device;
use clap::ValueEnum;

#[cfg(all(test, feature = "wgpu"))]
mod wgpu_tests;

/// The `--device` choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum DeviceChoice {
    /// CUDA where there is an NVIDIA GPU, else wgpu where there is any GPU, else LibTorch, else the CPU; of those
    /// that are compiled in.
    #[default]
    Auto,
    /// Any GPU, through Vulkan, Metal or DirectX 12.
    Wgpu,
    /// An NVIDIA GPU, through CUDA.
    Cuda,
    /// The CPU, in pure Rust.
    Cpu,
    /// The CPU, through LibTorch.
    Libtorch,
}

/// The device for this choice. Fails when its backend is not compiled in or finds no hardware.
pub fn select(choice: DeviceChoice) -> Result<Device> {
    match choice {
        DeviceChoice::Auto => {
            Ok(cuda::find().or_else(wgpu::find_hardware).or_else(libtorch::find).unwrap_or_else(Device::flex))
        }
        DeviceChoice::Wgpu => match wgpu::find_any() {
            Some(device) => Ok(device),
            None if cfg!(feature = "wgpu") => bail!(
                "No graphics adapter was found for --device wgpu. Install a Vulkan driver, or use --device cpu"
            ),
            None => Err(not_compiled_in("wgpu")),
        },
        DeviceChoice::Cuda => match cuda::find() {
            Some(device) => Ok(device),
            None if cfg!(feature = "cuda") => {
                bail!("No NVIDIA GPU was found for --device cuda. Install its driver, or use --device cpu")
            }
            None => Err(not_compiled_in("cuda")),
        },
        DeviceChoice::Cpu => Ok(Device::flex()),
        DeviceChoice::Libtorch => libtorch::find().ok_or_else(|| not_compiled_in("libtorch")),
    }
}

/// Whether LibTorch computes on this device.
#[cfg(feature = "libtorch")]
#[must_use]
pub fn is_libtorch(device: &Device) -> bool {
    libtorch::find().as_ref() == Some(device)
}

fn not_compiled_in(feature: &str) -> anyhow::Error {
    anyhow::anyhow!(
        "This trainer was built without the {feature} backend. Build it with `--features {feature}`, or use \
         --device cpu"
    )
}

mod cuda {
    use burn::tensor::Device;

    #[cfg(feature = "cuda")]
    pub(super) fn find() -> Option<Device> {
        Device::enumerate(burn::tensor::DeviceType::Cuda).into_vec().into_iter().next()
    }

    #[cfg(not(feature = "cuda"))]
    pub(super) fn find() -> Option<Device> {
        None
    }
}

mod wgpu {
    use burn::tensor::Device;

    /// The best adapter, software ones included.
    #[cfg(feature = "wgpu")]
    pub(super) fn find_any() -> Option<Device> {
        use burn::tensor::{DeviceKind, DeviceType};
        let any = !Device::enumerate(DeviceType::Wgpu).into_vec().is_empty();
        any.then(|| Device::wgpu(DeviceKind::DefaultDevice))
    }

    /// The best adapter, if there is one besides a software rasteriser (which loses to the CPU backend).
    #[cfg(feature = "wgpu")]
    pub(super) fn find_hardware() -> Option<Device> {
        use burn::tensor::{DeviceKind, DeviceType};
        let software = Device::wgpu(DeviceKind::Cpu);
        let hardware =
            Device::enumerate(DeviceType::Wgpu).into_vec().into_iter().any(|found| found != software);
        hardware.then(|| Device::wgpu(DeviceKind::DefaultDevice))
    }

    #[cfg(not(feature = "wgpu"))]
    pub(super) fn find_any() -> Option<Device> {
        None
    }

    #[cfg(not(feature = "wgpu"))]
    pub(super) fn find_hardware() -> Option<Device> {
        None
    }
}

mod libtorch {
    use burn::tensor::Device;

    #[cfg(feature = "libtorch")]
    #[expect(deprecated, reason = "LibTorch is still Burn's fastest CPU backend for training")]
    #[expect(clippy::unnecessary_wraps, reason = "the other features' builds have no device to return")]
    pub(super) fn find() -> Option<Device> {
        Some(Device::libtorch())
    }

    #[cfg(not(feature = "libtorch"))]
    pub(super) fn find() -> Option<Device> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_and_auto_are_always_there() {
        assert_eq!(select(DeviceChoice::Cpu).unwrap(), Device::flex());
        select(DeviceChoice::Auto).unwrap();
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_missing_backend_is_named_with_its_feature() {
        let message = select(DeviceChoice::Cuda).unwrap_err().to_string();
        assert!(message.contains("--features cuda"), "{message}");
    }
}
