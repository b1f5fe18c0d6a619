//! The encoder against plain loops over random weights, against the training program, and against damaged files.

mod reference;

use self::reference::Model;
use super::attention::TOGETHER;
use super::*;

#[derive(Deserialize)]
struct Vector {
    text: String,
    prompt: Option<String>,
    kind: usize,
    pieces: Vec<u32>,
    scores: Vec<f32>,
}

/// How far scores may lie from those of the training, as a share of them: where a number stands between two bytes, another order of summing rounds it the
/// other way, and six layers carry that on.
const NEAR: f32 = 0.01;

#[test]
fn scores_are_those_of_the_training() {
    let encoder = Encoder::read(include_bytes!("../../../data/classifier/encoder.bin")).unwrap();
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("../../../data/classifier/encoder_vectors.json")).unwrap();
    for vector in vectors {
        assert_eq!(whole(&encoder.pieces.split(&vector.text)), vector.pieces, "{}", vector.text);
        let asked = vector.prompt.as_deref().map(|prompt| encoder.asked(prompt));
        let scores = encoder.scores(&vector.text, asked.as_deref(), InputKind::ALL[vector.kind]);
        for (ours, theirs) in scores.iter().zip(&vector.scores) {
            assert!((ours - theirs).abs() < NEAR * theirs.abs().max(4.0), "{}: {scores:?} {:?}", vector.text, vector.scores);
        }
    }
}

#[test]
fn windows_cover_a_text() {
    let pieces: Vec<u32> = (0..300).collect();
    let windows: Vec<_> = windows(&pieces).collect();
    assert_eq!((windows.len(), windows.last().unwrap().last()), (3, Some(&299)));
}

#[test]
fn a_long_text_takes_bounded_time_and_is_no_worse_than_its_sentences() {
    let joint = Joint::embedded().unwrap();
    let text = "今天天气很好，我们一起去公园散步，晚上回家做饭。\n".repeat(4_000);
    let input = Input { kind: InputKind::Text, text: &text, prompt: None };
    assert_eq!((joint.findings(&input), joint.windows(&input).len()), (Vec::new(), MAX_READ));
}

#[test]
fn what_is_no_encoder_is_named() {
    for bytes in [&b""[..], b"GJENCOD\x02", b"GJENCOD\x02\x02\0\0\0{}"] {
        assert!(Encoder::read(bytes).is_err());
    }
}

/// In what order numbers are summed moves a few of them over the edge between two bytes, and with them what follows a little; else all is the same.
#[test]
fn the_network_is_that_of_plain_loops() {
    let pieces = |count: usize, seed: usize| -> Vec<u32> { (0..count).map(|n| ((n * 7 + seed) % reference::PIECES) as u32).collect() };
    let mut differences = Vec::new();
    for model in [Model::random(1), Model::random(2)] {
        let encoder = Encoder::read(&model.file()).unwrap();
        let asked = encoder.network.sentence(&pieces(7, 3));
        // About the sizes of blocks, chunks and vectors.
        for count in [1, 2, TOGETHER, 5, 8, 9, 17, 31, 32, 33, 64, 65, 127, 128] {
            let text = pieces(count, count);
            let (ours, theirs) = (encoder.network.sentence(&text), model.sentence(&text));
            for asked in [None, Some(asked.as_slice())] {
                let scores = encoder.network.scores(&ours, asked, count % 4);
                differences.push(furthest(&scores, &model.scores(&theirs, asked, count % 4)).max(furthest(&ours, &theirs)));
            }
        }
    }
    let same = differences.iter().filter(|&&difference| difference < 1e-5).count();
    assert!(differences.iter().all(|&difference| difference < 3e-2) && same > differences.len() / 2, "{differences:?}");
}

fn furthest(ours: &[f32], theirs: &[f32]) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    ours.iter().zip(theirs).map(|(ours, theirs)| (ours - theirs).abs()).fold(0.0, f32::max)
}

#[test]
fn what_is_too_long_or_unknown_is_no_reason_to_stop() {
    let encoder = Encoder::read(&Model::random(1).file()).unwrap();
    let long: Vec<u32> = (0..500).map(|n| n % reference::PIECES as u32).collect();
    assert_eq!(encoder.network.sentence(&long), encoder.network.sentence(&long[..128]));
    assert!(encoder.network.sentence(&[u32::MAX, 5]).iter().all(|value| value.is_finite()));
    assert_eq!(encoder.network.sentence(&[]), [0.0; 384]);
}

#[test]
fn a_damaged_file_is_refused() {
    let model = Model::random(1);
    let (file, ends) = (model.file(), model.ends());
    assert!(Encoder::read(&file).is_ok() && *ends.last().unwrap() == file.len());
    for &end in &ends {
        for end in [end - 1, end, end + 1].into_iter().filter(|&end| end != file.len()) {
            let cut: Vec<u8> = file.iter().copied().chain([0; 2]).take(end).collect();
            assert!(Encoder::read(&cut).is_err(), "{end} of {}", file.len());
        }
    }
    let with = |at: usize, number: u32| {
        let mut file = file.clone();
        file[at..at + 4].copy_from_slice(&number.to_le_bytes());
        Encoder::read(&file).is_err()
    };
    let [count, layers] = model.counts();
    let pieces = reference::PIECES as u32;
    assert!([0, 2, pieces - 1, pieces + 1, u32::MAX].into_iter().all(|number| with(count, number)));
    assert!([0, 2, 24, 25, u32::MAX].into_iter().all(|number| with(layers, number)));
}

#[test]
fn too_many_layers_are_refused() {
    assert!(Encoder::read(&Model::random(3).file()).is_ok());
    assert!(Encoder::read(&Model::random(25).file()).is_err());
}
