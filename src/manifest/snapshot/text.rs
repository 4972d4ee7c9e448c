//! Objects as text again: JSON for `kind: List`, or a stream of YAML documents.
//!
//! Promise: one object after another, so that nobody has to hold the whole text; kinds in the order of the table below, objects of a
//! kind in the order in which they were read. Reading the text gives the same objects.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use super::redaction::Redaction;
use crate::manifest::Objects;
use crate::manifest::objects::Other;
use crate::manifest::resource::Resource;

/// The fields of [`Objects`] that the API server has kinds for, in the order in which they are written.
macro_rules! modelled {
    ($with:ident) => {
        $with! {
            nodes namespaces priority_classes runtime_classes storage_classes csi_nodes csi_drivers persistent_volumes volume_attachments
            pods deployments replica_sets replication_controllers stateful_sets controller_revisions daemon_sets jobs cron_jobs
            horizontal_pod_autoscalers pod_disruption_budgets services ingresses persistent_volume_claims csi_storage_capacities
            resource_quotas limit_ranges prometheus_rules
        }
    };
}

/// How objects are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// A `List` in JSON, one object a line.
    Json,
    /// YAML documents.
    Yaml,
}

/// Writes all objects, under other names if there is a redaction. `told` hears how many are done.
pub fn write(
    objects: &Objects,
    redaction: Option<&Redaction>,
    syntax: Syntax,
    out: &mut dyn Write,
    told: &mut dyn FnMut(usize),
) -> io::Result<()> {
    let mut done = 0;
    if syntax == Syntax::Json {
        out.write_all(b"{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[")?;
    }
    for_each(objects, &mut |text| {
        let is_first = done == 0;
        done += 1;
        told(done);
        let text = match redaction {
            Some(redaction) => redaction.apply(&text)?,
            None => text,
        };
        match syntax {
            Syntax::Json => write!(out, "{}{text}", if is_first { "\n" } else { ",\n" }),
            Syntax::Yaml => write!(out, "{}{}", if is_first { "" } else { "---\n" }, yaml(&text)?),
        }
    })?;
    if syntax == Syntax::Json {
        out.write_all(b"\n]}\n")?;
    }
    out.flush()
}

/// How many objects there are.
pub fn number(objects: &Objects) -> usize {
    let mut number = objects.scheduler_configurations.len() + objects.others.len();
    macro_rules! count_all {
        ($($field:ident)*) => { $( number += objects.$field.len(); )* };
    }
    modelled! { count_all }
    number
}

fn yaml(text: &str) -> io::Result<String> {
    let value: Value = serde_json::from_str(text)?;
    serde_saphyr::to_string(&value).map_err(io::Error::other)
}

/// Shows each object as JSON.
pub(super) fn for_each(objects: &Objects, show: &mut dyn FnMut(String) -> io::Result<()>) -> io::Result<()> {
    macro_rules! show_all {
        ($($field:ident)*) => { $( all(&objects.$field, show)?; )* };
    }
    modelled! { show_all }
    for configuration in &objects.scheduler_configurations {
        show(typed("", "KubeSchedulerConfiguration", &serde_json::to_string(configuration)?))?;
    }
    objects.others.iter().try_for_each(|other| show(named(other)?))
}

fn all<T: Resource + Serialize>(objects: &[T], show: &mut dyn FnMut(String) -> io::Result<()>) -> io::Result<()> {
    objects.iter().try_for_each(|object| show(typed(T::API_VERSION, T::KIND, &serde_json::to_string(object)?)))
}

/// An object that is known by its names only.
fn named(other: &Other) -> io::Result<String> {
    let metadata = serde_json::to_string(&other.metadata)?;
    Ok(typed(&other.api_version, &other.kind, &format!("{{\"metadata\":{metadata}}}")))
}

/// Puts version and kind in front of an object's fields. An empty version is among the fields.
fn typed(api_version: &str, kind: &str, object: &str) -> String {
    let fields = object.strip_prefix('{').expect("an object is written in braces");
    let version = if api_version.is_empty() { String::new() } else { format!("\"apiVersion\":\"{api_version}\",") };
    let comma = if fields == "}" { "" } else { "," };
    format!("{{{version}\"kind\":\"{kind}\"{comma}{fields}")
}

#[cfg(test)]
mod tests {
    use super::super::gathered::GATHERED;
    use super::*;
    use crate::manifest::read::read_str;

    /// One object of each kind that is asked for.
    fn one_of_each() -> String {
        let header = |kind: &str, resource: &str| {
            let group = resource.split_once('.').map_or("", |(_, group)| group);
            let version = if group == "autoscaling" { "v2" } else { "v1" };
            format!("{{apiVersion: {}{}{version}, kind: {kind}", group, if group.is_empty() { "" } else { "/" })
        };
        let body = |kind: &str| match kind {
            "Pod" => ", spec: {containers: [{name: c}]}",
            "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "ReplicationController" | "Job" => {
                ", spec: {template: {spec: {containers: [{name: c}]}}}"
            }
            "CronJob" => ", spec: {schedule: '@daily', jobTemplate: {spec: {template: {spec: {containers: [{name: c}]}}}}}",
            _ => "",
        };
        let document = |row: &super::super::gathered::Gathered| {
            format!("{}, metadata: {{name: it, uid: u}}{}}}\n", header(row.kind, row.resource), body(row.kind))
        };
        GATHERED.iter().map(document).collect::<Vec<_>>().join("---\n")
    }

    #[test]
    fn every_kind_that_is_gathered_is_read_and_written() {
        let objects = read_str("all", &one_of_each()).objects;
        let mut kinds = Vec::new();
        let kind = |text: &str| serde_json::from_str::<Value>(text).expect("it is JSON")["kind"].as_str().expect("it has one").to_owned();
        for_each(&objects, &mut |text| {
            kinds.push(kind(&text));
            Ok(())
        })
        .expect("nothing fails");
        kinds.sort();
        let mut gathered: Vec<&str> = GATHERED.iter().map(|row| row.kind).collect();
        gathered.sort();
        assert_eq!(kinds, gathered);
        assert_eq!(objects.others.len(), 1, "only service accounts are known by name alone");
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        let objects = read_str("all", &one_of_each()).objects;
        for syntax in [Syntax::Json, Syntax::Yaml] {
            let mut text = Vec::new();
            write(&objects, None, syntax, &mut text, &mut |_| ()).expect("nothing fails");
            let again = crate::manifest::read::read_bytes("again", &text);
            assert!(again.problems.is_empty(), "{:?}", again.problems);
            let mut texts = [Vec::new(), Vec::new()];
            for (objects, texts) in [&objects, &again.objects].into_iter().zip(&mut texts) {
                for_each(objects, &mut |text| {
                    texts.push(text);
                    Ok(())
                })
                .expect("nothing fails");
            }
            assert_eq!(texts[0], texts[1]);
        }
    }
}
