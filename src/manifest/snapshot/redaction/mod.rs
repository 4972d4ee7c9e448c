//! Other names for everything that is named, so that a file can be shown to people who must not know the names.
//!
//! Promise: what was equal stays equal and what was different stays different, wherever it is written: names, namespaces, label keys and
//! values, nodes, zones, owners, claims, classes, accounts, images. Names that are made of others (`web-0`, `data-web-0`,
//! `web-7d4b9-x2x4z`) are made of their pseudonyms. The order of names is kept too, because ties are broken by it: pseudonyms tell where
//! in the alphabet a word stands, and nothing else of it. The one exception: an ordinal of a StatefulSet beside a longer word that
//! begins with a digit in the same place of a name.
//!
//! Left as it is: keys and values that Kubernetes, clouds and drivers made (`topology.kubernetes.io/zone`, `amd64`, `m5.large`,
//! `ebs.csi.aws.com`), words that mean something to Kubernetes (`default`, `kube-system`), names of applications whose quorum is known
//! where they say which it is, amounts, numbers, times, and codes (reasons, phases). Messages are dropped.
//!
//! The way: a first pass gathers the words, the second replaces them. To tell a new field from a name: a line in `fields`.

mod fields;
mod public;
mod words;

use std::io;

use rustc_hash::FxHashSet;
use serde_json::Value;

use super::text;
use crate::manifest::Objects;
use fields::{Gathering, Walk};
use words::Words;

/// Other names for what some objects name.
#[derive(Debug, Clone)]
pub struct Redaction {
    words: Words,
    setting: Setting,
}

/// What has to be known of the objects before a single name can be replaced.
#[derive(Debug, Clone, Default)]
struct Setting {
    /// Names of applications that images and labels may keep.
    applications: FxHashSet<String>,
    /// Label keys whose values are compared as numbers.
    numeric: FxHashSet<String>,
    /// What ordinals are put behind: names of StatefulSets, and those of their claims without the ordinal.
    before_ordinals: FxHashSet<String>,
}

impl Redaction {
    /// For these objects; images and labels keep the names of `applications`.
    pub fn new(objects: &Objects, applications: impl IntoIterator<Item = String>) -> io::Result<Self> {
        let setting = Setting {
            applications: applications.into_iter().chain(public::IMAGES.iter().map(|&image| image.to_owned())).collect(),
            before_ordinals: before_ordinals(objects),
            ..Setting::default()
        };
        let mut gathering = Gathering::default();
        let mut walk = Walk { pass: &mut gathering, setting: &setting };
        text::for_each(objects, &mut |text| {
            walk.object(&mut serde_json::from_str(&text)?);
            Ok(())
        })?;
        let Gathering { words, uids, numeric } = gathering;
        Ok(Redaction { words: Words::new(words, uids), setting: Setting { numeric, ..setting } })
    }

    /// An object in JSON, under other names.
    pub(super) fn apply(&self, text: &str) -> io::Result<String> {
        let mut value: Value = serde_json::from_str(text)?;
        Walk { pass: &mut &self.words, setting: &self.setting }.object(&mut value);
        Ok(serde_json::to_string(&value)?)
    }

    /// The other name of a name.
    pub fn name(&self, name: &str) -> String {
        let mut name = name.to_owned();
        Walk { pass: &mut &self.words, setting: &self.setting }.name(&mut name);
        name
    }
}

fn before_ordinals(objects: &Objects) -> FxHashSet<String> {
    let mut found = FxHashSet::default();
    for set in &objects.stateful_sets {
        found.insert(set.metadata.name.clone());
        let claims = set.spec.volume_claim_templates.iter();
        found.extend(claims.map(|claim| format!("{}-{}", claim.metadata.name, set.metadata.name)));
    }
    // a pod may outlive its StatefulSet, or be read without it
    for pod in &objects.pods {
        let owner = pod.metadata.controller().filter(|owner| owner.kind == "StatefulSet");
        found.extend(owner.map(|owner| owner.name.clone()));
    }
    found
}
