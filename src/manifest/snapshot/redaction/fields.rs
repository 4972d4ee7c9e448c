//! Which fields hold names, and of what sort.
//!
//! A field that is not spoken of here holds a name if it holds text: a new field is hidden until somebody says that it need not be.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;
use serde_json::{Map, Value};

use super::words::{Words, is_separator};
use super::{Setting, public};

/// Text that is a code, an amount or a time.
const PLAIN: &[&str] = &[
    "action",
    "accessModes",
    "apiVersion",
    "averageValue",
    "completedIndexes",
    "completionMode",
    "completionTime",
    "concurrencyPolicy",
    "creationTimestamp",
    "deletionTimestamp",
    "effect",
    "failedIndexes",
    "finishedAt",
    "kind",
    "kubeletVersion",
    "lastProbeTime",
    "lastScaleTime",
    "lastScheduleTime",
    "lastSuccessfulTime",
    "lastTransitionTime",
    "lastUpdateTime",
    "maxSurge",
    "maxUnavailable",
    "maximumVolumeSize",
    "medium",
    "minAvailable",
    "nodeAffinityPolicy",
    "nodeTaintsPolicy",
    "operator",
    "persistentVolumeReclaimPolicy",
    "phase",
    "podManagementPolicy",
    "podReplacementPolicy",
    "preemptionPolicy",
    "protocol",
    "qosClass",
    "reason",
    "reclaimPolicy",
    "restartPolicy",
    "schedule",
    "scopeName",
    "scopes",
    "selectPolicy",
    "sizeLimit",
    "startTime",
    "status",
    "succeededIndexes",
    "timeZone",
    "tolerance",
    "type",
    "unhealthyPodEvictionPolicy",
    "volumeBindingMode",
    "volumeMode",
    "whenDeleted",
    "whenScaled",
    "whenUnsatisfiable",
];

/// Objects without a name in them.
const NAMELESS: &[&str] = &["target", "current", "os", "rollingUpdate", "plugins", "scoringStrategy", "shape", "ignoredResources"];

/// Maps from resources to amounts.
const AMOUNTS: &[&str] = &[
    "allocatable",
    "allocatedResources",
    "capacity",
    "default",
    "defaultRequest",
    "hard",
    "limits",
    "max",
    "maxLimitRequestRatio",
    "min",
    "overhead",
    "podFixed",
    "requests",
    "used",
];

/// What is done with the words and uids that a walk comes upon.
pub(super) trait Pass {
    /// What stands in a word's place.
    fn word(&mut self, word: &str) -> String;
    /// What stands in the place of a text, if it is a uid.
    fn uid(&mut self, text: &str) -> Option<String>;
    /// Hears of a uid.
    fn is_uid(&mut self, text: &str);
    /// Hears of a label key whose values are compared as numbers.
    fn is_numeric(&mut self, key: &str);
}

/// Gathers words and changes nothing.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    /// All words.
    pub words: BTreeSet<String>,
    /// All uids.
    pub uids: BTreeSet<String>,
    /// Label keys whose values are compared as numbers.
    pub numeric: FxHashSet<String>,
}

impl Pass for Gathering {
    fn word(&mut self, word: &str) -> String {
        if !self.words.contains(word) {
            self.words.insert(word.to_owned());
        }
        word.to_owned()
    }

    fn uid(&mut self, _: &str) -> Option<String> {
        None
    }

    fn is_uid(&mut self, text: &str) {
        self.uids.insert(text.to_owned());
    }

    fn is_numeric(&mut self, key: &str) {
        self.numeric.insert(key.to_owned());
    }
}

impl Pass for &Words {
    fn word(&mut self, word: &str) -> String {
        Words::word(self, word).to_owned()
    }

    fn uid(&mut self, text: &str) -> Option<String> {
        Words::uid(self, text).map(str::to_owned)
    }

    fn is_uid(&mut self, _: &str) {}

    fn is_numeric(&mut self, _: &str) {}
}

/// Goes through an object, field by field.
pub(super) struct Walk<'a> {
    /// What is done with words.
    pub pass: &'a mut dyn Pass,
    /// What is known.
    pub setting: &'a Setting,
}

impl Walk<'_> {
    /// All fields of an object.
    pub fn object(&mut self, object: &mut Value) {
        let Value::Object(fields) = object else { return };
        fields.remove("message");
        fields.iter_mut().for_each(|(key, value)| self.field(key, value));
    }

    fn field(&mut self, key: &str, value: &mut Value) {
        let is_object = value.is_object();
        match key {
            _ if !is_object && PLAIN.contains(&key) || NAMELESS.contains(&key) => {}
            "capacity" if !is_object => {}
            _ if is_object && AMOUNTS.contains(&key) => rename_keys(value, |name| self.resource(name)),
            "disruptedPods" => rename_keys(value, |name| {
                self.name(name);
            }),
            "labels" | "nodeSelector" | "matchLabels" => self.labels(value),
            "selector" if is_label_map(value) => self.labels(value),
            "annotations" => self.annotations(value),
            "matchExpressions" | "matchLabelExpressions" | "taints" | "tolerations" => each(value, |item| self.requirement(item)),
            "matchFields" => each(value, |item| self.values(item, |walk, text| walk.name(text))),
            "topologyKey" | "topologyKeys" | "matchLabelKeys" | "mismatchLabelKeys" | "finalizers" | "managedBy" => {
                texts(value, &mut |text| self.label_key(text));
            }
            "resource" | "containerResource" => self.metric(value),
            "pluginConfig" => each(value, |plugin| plugin.get_mut("args").into_iter().for_each(|args| self.object(args))),
            "image" => texts(value, &mut |text| self.image(text)),
            "images" => {
                each(value, |image| image.get_mut("names").into_iter().for_each(|names| texts(names, &mut |text| self.image(text))))
            }
            "hostIP" => texts(value, &mut |text| self.address(text)),
            "uid" => texts(value, &mut |text| self.uid(text)),
            _ => match value {
                Value::String(text) => self.name(text),
                Value::Array(items) => items.iter_mut().for_each(|item| self.field(key, item)),
                Value::Object(_) => self.object(value),
                _ => {}
            },
        }
    }

    /// A name, word by word. An ordinal behind the name of a StatefulSet is part of no word.
    pub fn name(&mut self, text: &mut String) {
        if let Some(pseudonym) = self.pass.uid(text) {
            *text = pseudonym;
            return;
        }
        if public::is_name(text) {
            return;
        }
        let mut renamed = String::with_capacity(text.len());
        let mut start = 0;
        loop {
            let end = text[start..].find(is_separator).map_or(text.len(), |at| start + at);
            let word = &text[start..end];
            let is_ordinal = || {
                let before = text[..start].strip_suffix('-');
                word.bytes().all(|byte| byte.is_ascii_digit()) && before.is_some_and(|name| self.setting.before_ordinals.contains(name))
            };
            match word.is_empty() || is_ordinal() {
                true => renamed.push_str(word),
                false => renamed.push_str(&self.pass.word(word)),
            }
            if end == text.len() {
                break;
            }
            renamed.push_str(&text[end..=end]);
            start = end + 1;
        }
        *text = renamed;
    }

    /// A text that is no name: one word, whatever is in it.
    fn opaque(&mut self, text: &mut String) {
        *text = self.pass.word(text);
    }

    fn uid(&mut self, text: &mut String) {
        self.pass.is_uid(text);
        if let Some(pseudonym) = self.pass.uid(text) {
            *text = pseudonym;
        }
    }

    fn label_key(&mut self, key: &mut String) {
        if public::is_key(key) {
            return;
        }
        match key.split_once('/').filter(|_| public::is_domain_of(key)) {
            Some((domain, name)) => {
                let mut name = name.to_owned();
                self.name(&mut name);
                *key = format!("{domain}/{name}");
            }
            None => self.name(key),
        }
    }

    fn label_value(&mut self, key: &str, value: &mut String) {
        let is_application = |name: &str| self.setting.applications.contains(name);
        let is_number = || (self.setting.numeric.contains(key) || public::is_domain_of(key)) && value.parse::<i64>().is_ok();
        if !(public::has_public_values(key) || public::is_application(key, value, is_application) || is_number()) {
            // a volume's label names all zones that reach it
            let mut parts: Vec<String> = value.split("__").map(str::to_owned).collect();
            parts.iter_mut().for_each(|part| self.name(part));
            *value = parts.join("__");
        }
    }

    fn labels(&mut self, labels: &mut Value) {
        let Value::Object(map) = labels else { return };
        let renamed = std::mem::take(map).into_iter().map(|(mut key, mut value)| {
            texts(&mut value, &mut |text| self.label_value(&key, text));
            self.label_key(&mut key);
            (key, value)
        });
        *map = renamed.collect();
    }

    /// A key with an operator and values, a taint, or a toleration.
    fn requirement(&mut self, item: &mut Value) {
        let key = item.get("key").and_then(Value::as_str).unwrap_or_default().to_owned();
        if matches!(item.get("operator").and_then(Value::as_str), Some("Gt" | "Lt")) {
            self.pass.is_numeric(&key);
        }
        self.values(item, |walk, text| walk.label_value(&key, text));
        item.get_mut("key").into_iter().for_each(|key| texts(key, &mut |text| self.label_key(text)));
    }

    fn values(&mut self, item: &mut Value, mut rename: impl FnMut(&mut Self, &mut String)) {
        for field in ["value", "values"] {
            item.get_mut(field).into_iter().for_each(|value| texts(value, &mut |text| rename(self, text)));
        }
    }

    fn annotations(&mut self, annotations: &mut Value) {
        let Value::Object(map) = annotations else { return };
        let renamed = std::mem::take(map).into_iter().map(|(mut key, mut value)| {
            texts(&mut value, &mut |text| self.annotation(&key, text));
            self.label_key(&mut key);
            (key, value)
        });
        *map = renamed.collect();
    }

    fn annotation(&mut self, key: &str, value: &mut String) {
        let is_own = key.starts_with("plimsoll.dev/");
        let is_list = value.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b',' | b'-' | b'.' | b':' | b'T' | b'Z' | b'+'));
        if is_list || matches!(value.as_str(), "true" | "false") || key == "storage.alpha.kubernetes.io/migrated-plugins" {
            return;
        }
        match value.contains(char::is_whitespace) || value.contains(['{', ':', ',', '=']) {
            _ if is_own => *value = own(key, value),
            true => self.opaque(value),
            false => self.name(value),
        }
    }

    fn metric(&mut self, value: &mut Value) {
        let Value::Object(fields) = value else { return };
        fields.iter_mut().filter(|(key, _)| *key != "name").for_each(|(key, value)| self.field(key, value));
    }

    /// A resource, as amounts and quotas name it: `cpu`, `acme.com/fpga`, `requests.nvidia.com/gpu`, `gold.storageclass.storage.k8s.io/…`.
    fn resource(&mut self, resource: &mut String) {
        const OF_CLASS: &str = ".storageclass.storage.k8s.io/";
        if let Some((class, rest)) = resource.split_once(OF_CLASS) {
            let mut class = class.to_owned();
            self.name(&mut class);
            *resource = format!("{class}{OF_CLASS}{rest}");
            return;
        }
        let (prefix, name) = match resource.strip_prefix("requests.") {
            Some(name) => ("requests.", name),
            None => ("", resource.as_str()),
        };
        if name.contains('/') && !name.starts_with("count/") && !public::is_domain_of(name) {
            let mut name = name.to_owned();
            self.name(&mut name);
            *resource = format!("{prefix}{name}");
        }
    }

    /// An image: where it lies, its name, its tag and its digest, each by itself.
    fn image(&mut self, image: &mut String) {
        let (named, digest) = image.split_once('@').map_or((image.as_str(), None), |(named, digest)| (named, Some(digest)));
        let (folder, last) = named.rsplit_once('/').map_or(("", named), |(folder, last)| (folder, last));
        let (name, tag) = last.split_once(':').map_or((last, None), |(name, tag)| (name, Some(tag)));
        let is_known = self.setting.applications.contains(name);
        let mut renamed = [folder, name, tag.unwrap_or_default(), digest.unwrap_or_default()].map(str::to_owned);
        let [folder, name, version, sum] = &mut renamed;
        self.name(folder);
        self.opaque(sum);
        if !is_known {
            self.name(name);
        }
        if version != "latest" {
            self.name(version);
        }
        let slash = if folder.is_empty() { "" } else { "/" };
        let tag = tag.map_or(String::new(), |_| format!(":{version}"));
        let digest = digest.map_or(String::new(), |_| format!("@sha256:{sum}"));
        *image = format!("{folder}{slash}{name}{tag}{digest}");
    }

    fn address(&mut self, address: &mut String) {
        if !matches!(address.as_str(), "" | "0.0.0.0" | "127.0.0.1" | "::" | "::1") {
            self.opaque(address);
        }
    }
}

/// The value of one of our own annotations: of addresses in it, only how many they stand for; of reasons, that there are some.
fn own(key: &str, value: &str) -> String {
    match key {
        "plimsoll.dev/minio" => {}
        "plimsoll.dev/allow" => return allowed(value),
        _ => return value.to_owned(),
    }
    let masked = |word: &str| match word.split_once("://") {
        _ if word.starts_with("EC:") => word.to_owned(),
        Some((scheme, rest)) => format!("{scheme}://{}", mask(rest)),
        None => mask(word),
    };
    value.split_whitespace().map(masked).collect::<Vec<_>>().join(" ")
}

/// Rules that are allowed, without the words of the reason: that there is one is kept.
fn allowed(value: &str) -> String {
    let entry = |entry: &str| match entry.split_once(':') {
        Some((rules, reason)) if !reason.trim().is_empty() => format!("{}: redacted", rules.trim()),
        _ => entry.trim().to_owned(),
    };
    value.split(['\n', ';']).map(entry).filter(|entry| !entry.is_empty()).collect::<Vec<_>>().join("; ")
}

/// Letters and digits outside of ranges (`{0...3}`) crossed out.
fn mask(address: &str) -> String {
    let mut is_range = false;
    let mask = |letter: char| {
        is_range = letter == '{' || is_range && letter != '}';
        if letter.is_alphanumeric() && !is_range { 'x' } else { letter }
    };
    address.chars().map(mask).collect()
}

/// Whether a selector is labels and values, and no `LabelSelector`.
fn is_label_map(value: &Value) -> bool {
    let is_selector = |fields: &Map<String, Value>| fields.keys().any(|key| key == "matchLabels" || key == "matchExpressions");
    value.as_object().is_some_and(|fields| !is_selector(fields))
}

fn rename_keys(map: &mut Value, mut rename: impl FnMut(&mut String)) {
    let Value::Object(map) = map else { return };
    let renamed = std::mem::take(map).into_iter().map(|(mut key, value)| {
        rename(&mut key);
        (key, value)
    });
    *map = renamed.collect();
}

fn each(list: &mut Value, see: impl FnMut(&mut Value)) {
    list.as_array_mut().into_iter().flatten().for_each(see);
}

/// A text, or each of a list.
fn texts(value: &mut Value, see: &mut dyn FnMut(&mut String)) {
    match value {
        Value::String(text) => see(text),
        Value::Array(items) => items.iter_mut().for_each(|item| texts(item, see)),
        _ => {}
    }
}
