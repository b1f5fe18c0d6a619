//! Sixteen units at a time, with AVX-512 where the processor has it: folding CJK text, the first look of the matcher, and the products of the encoder.
//!
//! The one place of this crate with `unsafe`: the instructions exist only on some processors, which is asked first, and loads, stores, a gather and a hint
//! take a pointer. Without them portable code does the same; property tests hold the two against each other. And a file is mapped here.

#![allow(unsafe_code, reason = "vector instructions and a mapped file; see above")]

pub(crate) mod product;
mod work;

pub(crate) use work::{Work, fastest};

use crate::engine::BLOCK;
use crate::fold::Buffers;

/// Whether the processor has the instructions.
#[cfg(target_arch = "x86_64")]
fn able() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vbmi")
}

/// Folds a whole text; `None` if the processor lacks the instructions.
pub(crate) fn fold(bytes: &[u8], buffers: &mut Buffers) -> Option<usize> {
    #[cfg(target_arch = "x86_64")]
    if able() {
        // SAFETY: the processor has the features the function is compiled for.
        return Some(unsafe { x86::fold(bytes, buffers) });
    }
    let _ = (bytes, buffers);
    None
}

/// Sifts as many positions as it can, in order, from the first: how many it looked at, and how many it wrote to `out`. See
/// [`crate::engine::sift`].
pub(crate) fn sift(filter: &[u32], window: &[u16], out: &mut [u16; BLOCK]) -> (usize, usize) {
    #[cfg(target_arch = "x86_64")]
    if able() {
        // SAFETY: the processor has the features the function is compiled for.
        return unsafe { x86::sift(filter, window, out) };
    }
    let _ = (filter, window, out);
    (0, 0)
}

/// Asks for the memory of an element that will be read soon; where there is no way to ask, nothing happens.
#[inline(always)]
pub(crate) fn fetch<T>(slice: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(element) = slice.get(at) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: every x86-64 processor has the instruction, and it reads nothing: it only hints at an address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(element).cast()) };
    }
    let _ = (slice, at);
}

/// A file mapped into memory.
pub(crate) struct Mapped(memmap2::Mmap);

impl Mapped {
    /// Maps a whole file.
    pub(crate) fn open(file: &std::fs::File) -> std::io::Result<Self> {
        // SAFETY: whoever changed the file in place would change the bytes under us. Compiled lexicons are never changed, only replaced
        // (`Artefact::save`), and all reading is bounds-checked, so that even then an answer may be wrong but no memory is touched.
        unsafe { memmap2::Mmap::map(file) }.map(Self)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use crate::engine::{BEGIN, BLOCK, FIRST_BIT, FOLDED, GOLDEN, SECOND_BIT, THIRD, THIRD_BIT};
    use crate::fold::{Buffers, FIRST_CJK, MAX_FILLER, fold_all, table};

    /// Characters in one go.
    const LANES: usize = 16;

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn fold(bytes: &[u8], buffers: &mut Buffers) -> usize {
        fold_all(bytes, buffers, |bytes, units, after_cjk| cjk(bytes, units, after_cjk))
    }

    /// Where the three bytes of each character lie, last one lowest; the fourth is masked out later.
    #[allow(clippy::indexing_slicing, reason = "in a constant, an index that is wrong does not compile")]
    const PICK: [u8; 64] = {
        let mut pick = [0; 64];
        let mut lane = 0;
        while lane < LANES {
            pick[lane * 4] = lane as u8 * 3 + 2;
            pick[lane * 4 + 1] = lane as u8 * 3 + 1;
            pick[lane * 4 + 2] = lane as u8 * 3;
            lane += 1;
        }
        pick
    };

    /// Folds CJK characters and the filler between them, as long as nothing else comes; bytes read and units written.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,bmi1,bmi2,lzcnt,popcnt")]
    fn cjk(bytes: &[u8], units: &mut [u16], after_cjk: bool) -> (usize, usize) {
        let (Some(bytes), Some(units)) = (bytes.first_chunk::<64>(), units.first_chunk_mut::<LANES>()) else { return (0, 0) };
        // SAFETY: both arrays have 64 bytes.
        let (bytes, pick) = unsafe { (_mm512_loadu_si512(bytes.as_ptr().cast()), _mm512_loadu_si512(PICK.as_ptr().cast())) };
        let triple = _mm512_permutexvar_epi8(pick, bytes);
        let lead = _mm512_and_si512(triple, _mm512_set1_epi32(0x00F0_0000));
        // Characters of three bytes, up to the first of another length.
        let three = prefix(_mm512_cmpeq_epi32_mask(lead, _mm512_set1_epi32(0x00E0_0000)));
        let part = |shift: __m512i, mask| _mm512_and_si512(shift, _mm512_set1_epi32(mask));
        let point = _mm512_or_si512(
            _mm512_or_si512(part(triple, 0x3F), part(_mm512_srli_epi32::<2>(triple), 0xFC0)),
            part(_mm512_srli_epi32::<4>(triple), 0xF000),
        );
        // SAFETY: a point has 16 bits, and the table one entry more than that, so that four bytes can be read at each.
        let found = unsafe { _mm512_mask_i32gather_epi32::<2>(_mm512_setzero_si512(), three, point, table::BASIC.as_ptr().cast()) };
        let unit = part(found, 0xFFFF);
        let below = |bound: u16| _mm512_cmplt_epu32_mask(unit, _mm512_set1_epi32(bound.into()));
        let within = |from: u16, to: u16| !below(from) & below(to);
        let cjk = !below(FIRST_CJK) & below(0xFFFF) & three;
        // Surely filler: ASCII but for digits and letters, and the symbols below CJK, whose few letters the table leaves to the slow way.
        let filler = (below(0x30) | within(0x3A, 0x61) | within(0x7B, 0x80) | within(0x2000, FIRST_CJK)) & !below(1) & three;
        let known = prefix(cjk | filler);
        let (cjk, filler) = (cjk & known, filler & known);
        if cjk == 0 || (cjk & 1 == 0 && !after_cjk) || filler.count_ones() > MAX_FILLER {
            return (0, 0);
        }
        // Only up to the last CJK character: what becomes of filler after it, nobody knows yet.
        let read = LANES - cjk.leading_zeros() as usize;
        let dense = _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(cjk, unit));
        // SAFETY: the array has room for sixteen units.
        unsafe { _mm256_storeu_si256(units.as_mut_ptr().cast(), dense) };
        (read * 3, cjk.count_ones() as usize)
    }

    /// Looks at sixteen positions at a time.
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn sift(filter: &[u32], window: &[u16], out: &mut [u16; BLOCK]) -> (usize, usize) {
        if !filter.len().is_power_of_two() || window.len() > BLOCK + LANES {
            return (0, 0);
        }
        let (last, five, one) = (_mm512_set1_epi32(filter.len() as i32 - 1), _mm512_set1_epi32(31), _mm512_set1_epi32(1));
        let (golden, odd) = (_mm512_set1_epi32(GOLDEN as i32), _mm512_set1_epi32(THIRD as i32));
        let mixed = |key: __m512i| {
            let product = _mm512_mullo_epi32(key, golden);
            _mm512_xor_si512(product, _mm512_srli_epi32::<FOLDED>(product))
        };
        let longer = |key: __m512i, next: __m512i| mixed(_mm512_xor_si512(key, _mm512_mullo_epi32(next, odd)));
        let words = |key: __m512i| {
            // SAFETY: a place is masked to be less than the length, a power of two.
            unsafe { _mm512_i32gather_epi32::<4>(_mm512_and_si512(key, last), filter.as_ptr().cast()) }
        };
        let has = |words: __m512i, key: __m512i| {
            let first = _mm512_srli_epi32::<FIRST_BIT>(key);
            let second = _mm512_and_si512(_mm512_srli_epi32::<SECOND_BIT>(key), five);
            let third = _mm512_and_si512(_mm512_srli_epi32::<THIRD_BIT>(key), five);
            let two = _mm512_or_si512(_mm512_sllv_epi32(one, first), _mm512_sllv_epi32(one, second));
            let bits = _mm512_or_si512(two, _mm512_sllv_epi32(one, third));
            _mm512_cmpeq_epi32_mask(_mm512_and_si512(words, bits), bits)
        };
        let iota = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        let (mut at, mut count) = (0, 0);
        while at + LANES <= BLOCK
            && let Some(units) = window.get(at..at + LANES + BEGIN - 1)
            && let Some(room) = out.get_mut(count..count + LANES)
        {
            let from = units.as_ptr();
            // SAFETY: nineteen units are there to be read, and no place skipped is above three.
            let unit = |skip: usize| _mm512_cvtepu16_epi32(unsafe { _mm256_loadu_si256(from.add(skip).cast()) });
            let (first, second, third, fourth) = (unit(0), unit(1), unit(2), unit(3));
            let pair = mixed(_mm512_or_si512(first, _mm512_slli_epi32::<16>(second)));
            let triple = longer(pair, third);
            let begun = words(triple);
            let passes = has(words(pair), pair) | has(begun, triple) | has(begun, longer(triple, fourth));
            let places = _mm512_add_epi32(iota, _mm512_set1_epi32(at as i32));
            let dense = _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(passes, places));
            // SAFETY: there is room for sixteen positions.
            unsafe { _mm256_storeu_si256(room.as_mut_ptr().cast(), dense) };
            count += passes.count_ones() as usize;
            at += LANES;
        }
        (at, count)
    }

    /// The ones before the first zero.
    #[inline]
    fn prefix(mask: u16) -> u16 {
        mask & (mask ^ mask.wrapping_add(1))
    }

    #[cfg(test)]
    mod tests {
        #[test]
        fn the_ones_before_the_first_zero() {
            for mask in 0..=u16::MAX {
                let ones = mask.trailing_ones();
                assert_eq!(super::prefix(mask), ((1_u32 << ones) - 1) as u16);
            }
        }

        #[test]
        fn what_is_taken_for_filler_is_filler() {
            let units = crate::fold::table::BASIC.iter().copied().filter(|u| {
                (1..0x30).contains(u)
                    || (0x3A..0x61).contains(u)
                    || (0x7B..0x80).contains(u)
                    || (0x2000..crate::fold::FIRST_CJK).contains(u)
            });
            assert!(units.into_iter().all(crate::fold::is_filler));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::fold_all;

    proptest::proptest! {
        #[test]
        fn wide_and_portable_agree(text in "([a-zA-Z]{30,40}|[一-龥]{1,40}|[中国發票，。 ,*㈠éＡ９〇々\\u{200b}]|\\PC|[ ，]{7,10}){0,20}") {
            let (mut wide, mut portable) = (Buffers::default(), Buffers::default());
            let len = fold_all(text.as_bytes(), &mut portable, |_, _, _| (0, 0));
            if let Some(wide_len) = fold(text.as_bytes(), &mut wide) {
                proptest::prop_assert_eq!(&wide.units[..wide_len], &portable.units[..len]);
            }
        }
    }
}
