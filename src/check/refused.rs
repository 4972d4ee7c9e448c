//! What the API server refuses, one entry a workload and reason, and sorted by who in the server refuses it.
//!
//! Promise: every refusal of [`Creation`](crate::simulation::Creation) is in exactly one entry, and each kind of entry is told by one rule.
//!
//! Source of the words: k8s.io/kubernetes/plugin/pkg/admission/{resourcequota,limitranger,priority,serviceaccount}, v1.36.

use super::finding::{Finding, Findings, ObjectName};
use super::subject::Subject;
use super::workload::Workload;
use crate::manifest::field::FieldPath;
use crate::simulation::NotCreated;

/// Who refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Refuser {
    /// A ResourceQuota is used up, or wants something said.
    Quota,
    /// A LimitRange bounds it.
    LimitRange,
    /// The PriorityClass is not there.
    PriorityClass,
    /// The ServiceAccount is not there.
    ServiceAccount,
    /// Validation: the fewest replicas of an autoscaler are more than its most.
    AutoscalerBounds,
    /// Validation, and all others.
    Other,
}

/// Alike refusals.
#[derive(Debug, Clone)]
pub struct Refused<'a> {
    /// Who refuses.
    pub by: Refuser,
    /// The first.
    pub first: &'a NotCreated,
    /// How many there are.
    pub count: usize,
}

impl Refuser {
    fn of(refused: &NotCreated) -> Self {
        let why = refused.why();
        let is_about_limits = |text: &str| {
            let words = [" usage per ", " max limit to request ratio per "];
            words.iter().any(|word| text.contains(word)) && refused.refusal.reason == "Forbidden"
        };
        match () {
            () if why.starts_with("exceeded quota: ") || why.starts_with("failed quota: ") => Refuser::Quota,
            () if why.starts_with("no PriorityClass with name ") => Refuser::PriorityClass,
            () if why.starts_with("error looking up service account ") => Refuser::ServiceAccount,
            () if refused.kind == "HorizontalPodAutoscaler"
                && why.contains("must be greater than or equal to `minReplicas`")
                && !why.contains("must be greater than 0") =>
            {
                Refuser::AutoscalerBounds
            }
            () if is_about_limits(why) => Refuser::LimitRange,
            () => Refuser::Other,
        }
    }
}

/// What one of them refuses, in the order in which it was tried first.
pub fn refused_by<'a>(subject: &Subject<'a>, by: Refuser) -> Vec<Refused<'a>> {
    let creation = subject.question.creation;
    let mut found: Vec<Refused<'a>> = Vec::new();
    for refused in creation.refused.iter().filter(|refused| Refuser::of(refused) == by) {
        // pods are told of by what they were to be made for
        let is_alike =
            |other: &&mut Refused<'_>| other.first.origin == refused.origin && other.first.pod.is_some() == refused.pod.is_some();
        match found.iter_mut().find(is_alike) {
            Some(alike) => alike.count += 1,
            None => found.push(Refused { by, first: refused, count: 1 }),
        }
    }
    found
}

impl<'a> Refused<'a> {
    /// The workload whose pods are refused, if it is that.
    pub fn workload<'s>(&self, subject: &'s Subject<'a>) -> Option<&'s Workload<'a>> {
        self.first.pod.as_ref()?;
        subject.workloads.iter().find(|workload| workload.metadata.origin == self.first.origin)
    }

    /// A finding about it: at a field of its pods if pods are refused, or else of the object. `what` is said of whom.
    pub fn find<'f>(&self, subject: &Subject<'a>, findings: &'f mut Findings, path: &str, what: &str) -> &'f mut Finding {
        let NotCreated { kind, namespace, name, origin, .. } = self.first;
        match self.workload(subject) {
            Some(workload) if workload.kind != "Pod" => {
                let wanted = workload.replicas.filter(|&wanted| wanted >= self.count);
                let pods =
                    wanted.map_or_else(|| format!("{} of its pods", self.count), |wanted| format!("{} of its {wanted} pods", self.count));
                findings.on_pods_of(workload, path, format!("{what} {pods}"))
            }
            _ => {
                let object = ObjectName { kind: kind.clone(), namespace: namespace.clone(), name: name.clone() };
                let path = if kind == "Pod" { FieldPath::from("spec").join(path) } else { FieldPath::default() };
                findings.named(object, *origin, path, format!("{what} it"))
            }
        }
    }
}
