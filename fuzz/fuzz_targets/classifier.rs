#![no_main]
//! Classifier files: refused with a reason, or read and written again byte for byte. The weights are long, so the input is the header, or what is changed in a
//! file that was good.

use detect::classifier::{Encoder, LinearModel};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = (LinearModel::read(data).is_ok(), Encoder::read(data).is_ok());
    for magic in [b"GJCLASS\x01", b"GJENCOD\x02"] {
        let header = u32::try_from(data.len()).unwrap_or(u32::MAX).to_le_bytes();
        let file = [magic.as_slice(), &header, data].concat();
        let _ = (LinearModel::read(&file).is_ok(), Encoder::read(&file).is_ok());
    }
    let mut good = LinearModel::embedded().expect("tested").write();
    for change in data.chunks_exact(4) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % good.len();
        good[at] = change[2];
    }
    if let Ok(model) = LinearModel::read(&good) {
        assert!(LinearModel::read(&model.write()).is_ok());
    }
});
