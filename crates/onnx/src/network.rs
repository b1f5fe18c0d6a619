//! The network: token numbers in, one number for each label of its own out.

use rten::{DataType, LoadError, LoadErrorKind, Model, NodeId, Value, ValueType};
use tokenizers::Encoding;

use crate::table::{Input, Output, Table};

/// What an input of a network takes.
#[derive(Debug, Clone, Copy)]
enum Part {
    Ids,
    Mask,
    Types,
}

/// A network that sorts texts.
pub(crate) struct Network {
    model: Model,
    inputs: Vec<(NodeId, Part)>,
    output: NodeId,
}

impl Network {
    pub(crate) fn read(bytes: Vec<u8>, table: &Table) -> Result<Self, String> {
        let model = Model::load(bytes).map_err(|e| unreadable(&e))?;
        let inputs = inputs(&model, &table.input)?;
        let output = output(&model, &table.output)?;
        Ok(Self { model, inputs, output })
    }

    /// One finite number for each label of the network, before any activation.
    pub(crate) fn run(&self, encoding: &Encoding) -> Result<Vec<f32>, String> {
        let inputs = self.inputs.iter().map(|(node, part)| Ok((*node, part.of(encoding)?.into())));
        let [output] = self.model.run_n(inputs.collect::<Result<_, String>>()?, [self.output], None).map_err(|e| e.to_string())?;
        let outputs = flat(output)?;
        match outputs.iter().position(|output| !output.is_finite()) {
            None => Ok(outputs),
            Some(at) => {
                Err(format!("its output {at}, counted from 0, is {}, not a finite number", outputs.get(at).copied().unwrap_or(f32::NAN)))
            }
        }
    }
}

impl Part {
    fn of(self, encoding: &Encoding) -> Result<Value, String> {
        let numbers = match self {
            Self::Ids => encoding.get_ids(),
            Self::Mask => encoding.get_attention_mask(),
            Self::Types => encoding.get_type_ids(),
        };
        let numbers = numbers.iter().map(|number| number.cast_signed()).collect();
        Value::from_shape([1, encoding.len()], numbers).map_err(|e| e.to_string())
    }
}

fn unreadable(error: &LoadError) -> String {
    match error.kind() {
        LoadErrorKind::UnknownFileType | LoadErrorKind::FormatNotEnabled => "it is not an ONNX model".to_owned(),
        LoadErrorKind::ExternalDataError => {
            format!("its weights lie in another file, which is not read; save the model as one file ({error})")
        }
        _ => format!("the engine (rten 0.27) cannot load it: {error}"),
    }
}

fn inputs(model: &Model, names: &Input) -> Result<Vec<(NodeId, Part)>, String> {
    let named = [(&names.input_ids, Part::Ids), (&names.attention_mask, Part::Mask), (&names.token_type_ids, Part::Types)];
    let part = |node: &NodeId| {
        let own = name(model, *node);
        let part = named.iter().find(|(name, _)| **name == own).map(|(_, part)| (*node, *part));
        part.ok_or_else(|| {
            let known = named.map(|(name, _)| name.as_str()).join(", ");
            format!(
                "it has an input {own:?}, and only {known} are known; if one of these is meant, give its name under [input] in model.toml"
            )
        })
    };
    let inputs: Vec<_> = model.input_ids().iter().map(part).collect::<Result<_, _>>()?;
    if !inputs.iter().any(|(_, part)| matches!(part, Part::Ids)) {
        return Err(format!("it has no input {:?}, so it reads no text; [input] input_ids in model.toml names it", names.input_ids));
    }
    Ok(inputs)
}

/// The output that is read: the one that is named, else `logits`, else the only one.
fn output(model: &Model, table: &Output) -> Result<NodeId, String> {
    let outputs = model.output_ids();
    let find = |wanted: &str| outputs.iter().copied().find(|node| name(model, *node) == wanted);
    let found = match (&table.name, outputs) {
        (Some(wanted), _) => find(wanted),
        (None, [only]) => Some(*only),
        (None, _) => find("logits"),
    };
    let all = || outputs.iter().map(|node| name(model, *node)).collect::<Vec<_>>().join(", ");
    let wanted = table.name.as_deref().unwrap_or("logits");
    found.ok_or_else(|| format!("it has no output {wanted:?} but {}; name the right one with [output] name in model.toml", all()))
}

fn name(model: &Model, node: NodeId) -> String {
    model.node_info(node).and_then(|info| info.name().map(str::to_owned)).unwrap_or_default()
}

/// The numbers of a tensor `[1, n]` or `[n]`.
fn flat(output: Value) -> Result<Vec<f32>, String> {
    if output.dtype() != ValueType::Tensor(DataType::Float) {
        return Err(format!("its output is {}, not a tensor of floating-point numbers", output.dtype()));
    }
    if let Ok((_, outputs)) = output.clone().into_shape_vec::<f32, 1>() {
        return Ok(outputs);
    }
    match output.into_shape_vec::<f32, 2>() {
        Ok(([1, _], outputs)) => Ok(outputs),
        Ok((shape, _)) => Err(format!("its output has the shape {shape:?}, not [1, labels] or [labels]; it must give one row for a text")),
        Err(e) => Err(format!("its output has not the shape [1, labels] or [labels]: {e}")),
    }
}
