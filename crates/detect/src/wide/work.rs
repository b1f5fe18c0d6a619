//! Loops over numbers, compiled once for each set of instructions that a processor may have; the best that it has is taken.

/// Loops that a compiler can turn into vector instructions.
///
/// What `run` calls must be `#[inline(always)]`, or it is compiled for every processor, as all the rest of the crate is.
pub(crate) trait Work {
    /// What comes out.
    type Out;

    /// Does it. `FUSED`: whether [`f32::mul_add`] is an instruction, and not a slow function.
    fn run<const FUSED: bool>(self) -> Self::Out;
}

/// Does work with the best instructions at hand.
pub(crate) fn fastest<W: Work>(work: W) -> W::Out {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
        {
            // SAFETY: the processor has the features the function is compiled for.
            return unsafe { sixteen(work) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: as above.
            return unsafe { eight(work) };
        }
    }
    work.run::<{ cfg!(target_arch = "aarch64") }>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn sixteen<W: Work>(work: W) -> W::Out {
    work.run::<true>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn eight<W: Work>(work: W) -> W::Out {
    work.run::<true>()
}
