//! `guiju source add` and `change`.

use anyhow::Result;
use clap::Args;
use store::sources::{Declared, NewSource, SourceName};
use taxonomy::{ConsentBasis, Grade, Modality, Origin, SourceKind};

use crate::commands::gate::at_desk;
use crate::commands::place::StoreArgs;

#[derive(Args)]
pub(crate) struct Add {
    #[command(flatten)]
    store: StoreArgs,
    /// Its name: lower-case letters, digits and hyphens
    name: SourceName,
    /// How the data came to be here: open, self-collected, commercial or user-input
    #[arg(long)]
    kind: SourceKind,
    /// domestic or foreign
    #[arg(long)]
    origin: Origin,
    /// Language tags (BCP 47), parted by commas: zh,en,bo-CN
    #[arg(long, value_delimiter = ',', required = true)]
    languages: Vec<String>,
    /// text, image, audio, video, parted by commas
    #[arg(long, value_delimiter = ',', default_value = "text")]
    modalities: Vec<Modality>,
    /// SPDX expression, or the terms in words
    #[arg(long, default_value = "")]
    licence: String,
    /// Who is responsible for it: sealed with the key of that person
    #[arg(long)]
    owner: String,
    /// Grade (GB/T 43697): core, important, general-4 to general-1
    #[arg(long)]
    grade: Grade,
    /// What personal information in it rests on: consent, contract, public or none
    #[arg(long, default_value = "none")]
    basis: ConsentBasis,
    /// The last day on which it may be used, YYYY-MM-DD
    #[arg(long)]
    expires: Option<String>,
    /// What it is
    #[arg(long, default_value = "")]
    description: String,
}

#[derive(Args)]
pub(crate) struct Change {
    #[command(flatten)]
    store: StoreArgs,
    /// Its name
    name: SourceName,
    /// How the data came to be here, where nothing was handed in yet
    #[arg(long)]
    kind: Option<SourceKind>,
    /// domestic or foreign
    #[arg(long)]
    origin: Option<Origin>,
    /// Language tags (BCP 47), parted by commas
    #[arg(long, value_delimiter = ',')]
    languages: Option<Vec<String>>,
    /// text, image, audio, video, parted by commas
    #[arg(long, value_delimiter = ',')]
    modalities: Option<Vec<Modality>>,
    /// SPDX expression, or the terms in words
    #[arg(long)]
    licence: Option<String>,
    /// Who is responsible for it
    #[arg(long)]
    owner: Option<String>,
    /// Grade (GB/T 43697)
    #[arg(long)]
    grade: Option<Grade>,
    /// What personal information in it rests on
    #[arg(long)]
    basis: Option<ConsentBasis>,
    /// The last day on which it may be used, YYYY-MM-DD; an empty text for none
    #[arg(long)]
    expires: Option<String>,
    /// What it is
    #[arg(long)]
    description: Option<String>,
}

pub(super) fn add(args: &Add) -> Result<()> {
    let declared = Declared {
        kind: args.kind,
        origin: args.origin,
        languages: args.languages.clone(),
        modalities: args.modalities.clone(),
        licence: args.licence.clone(),
        grade: args.grade,
        basis: args.basis,
        expires: args.expires.clone(),
        description: args.description.clone(),
    };
    let new = NewSource { name: args.name.clone(), declared, owner: args.owner.clone() };
    at_desk("source add", &args.store, async |desk| {
        let (who, new) = (desk.who.clone(), new.clone());
        Ok(desk.tenant.change(async move |change: &mut store::Change| change.add_source(&who, new).await).await?)
    })?;
    say!("{} is registered", args.name);
    say!("next: `guiju source show {}` says what it still lacks", args.name);
    Ok(())
}

pub(super) fn change(args: &Change) -> Result<()> {
    let version = at_desk("source change", &args.store, async |desk| {
        let was = desk.tenant.source(&args.name).await?;
        // An owner who was erased must be named anew: somebody is responsible.
        let owner = args.owner.clone().or(was.owner).unwrap_or_default();
        let new = NewSource { name: args.name.clone(), declared: args.onto(was.source.declared), owner };
        let who = desk.who.clone();
        desk.tenant.change(async move |change: &mut store::Change| change.change_source(&who, new).await).await?;
        Ok(was.source.version + 1)
    })?;
    say!("{} is changed, version {version}", args.name);
    Ok(())
}

impl Change {
    /// What was declared, with what is named here.
    fn onto(&self, was: Declared) -> Declared {
        Declared {
            kind: self.kind.unwrap_or(was.kind),
            origin: self.origin.unwrap_or(was.origin),
            languages: self.languages.clone().unwrap_or(was.languages),
            modalities: self.modalities.clone().unwrap_or(was.modalities),
            licence: self.licence.clone().unwrap_or(was.licence),
            grade: self.grade.unwrap_or(was.grade),
            basis: self.basis.unwrap_or(was.basis),
            expires: self.expires.clone().map_or(was.expires, |day| Some(day).filter(|day| !day.is_empty())),
            description: self.description.clone().unwrap_or(was.description),
        }
    }
}
