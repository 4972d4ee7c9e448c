//! Priority: a class's name becomes a number and a preemption policy.
//!
//! Source: k8s.io/kubernetes/plugin/pkg/admission/priority/admission.go admitPod, getDefaultPriorityClass;
//! pkg/apis/scheduling/v1/helpers.go (the two classes every cluster has), v1.36.

use rustc_hash::FxHashMap;

use super::Missing;
use crate::manifest::Objects;
use crate::manifest::location::Note;
use crate::manifest::policy::PriorityClass;

/// The classes that every server makes on its own.
const BUILT_IN: [(&str, i32); 2] = [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];
const PREEMPT: &str = "PreemptLowerPriority";

/// What a class gives a pod.
#[derive(Clone)]
struct Rank {
    value: i32,
    preemption_policy: String,
}

/// Resolves the priority of pods that have none yet. One that a server resolved stays, whatever the classes say now.
pub(super) fn admit(objects: &mut Objects, notes: &mut Vec<Note>) {
    let classes = &objects.priority_classes;
    let mut ranks: FxHashMap<&str, Rank> =
        BUILT_IN.iter().map(|&(name, value)| (name, Rank { value, preemption_policy: PREEMPT.to_owned() })).collect();
    ranks.extend(classes.iter().map(|class| (class.metadata.name.as_str(), rank(class))));
    // of several default classes the lowest counts
    let default = classes.iter().filter(|class| class.global_default).min_by_key(|class| (class.value, &class.metadata.name));
    let mut missing = Missing::default();
    for pod in objects.pods.iter_mut().filter(|pod| pod.spec.priority.is_none()) {
        let spec = &mut pod.spec;
        if let (true, Some(default)) = (spec.priority_class_name.is_empty(), default) {
            spec.priority_class_name.clone_from(&default.metadata.name);
        }
        let found = ranks.get(spec.priority_class_name.as_str());
        if found.is_none() && !spec.priority_class_name.is_empty() {
            missing.count(&spec.priority_class_name, pod.metadata.origin);
        }
        let rank = found.cloned().unwrap_or(Rank { value: 0, preemption_policy: PREEMPT.to_owned() });
        spec.priority = Some(rank.value);
        if spec.preemption_policy.is_empty() {
            spec.preemption_policy = rank.preemption_policy;
        }
    }
    notes.extend(missing.notes(|name, pods| {
        format!("no PriorityClass with name {name} was found: {pods} it; a server would refuse to create them, here they have priority 0")
    }));
}

fn rank(class: &PriorityClass) -> Rank {
    Rank { value: class.value, preemption_policy: class.preemption_policy.clone().unwrap_or_else(|| PREEMPT.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::pod::Pod;

    fn class(name: &str, value: i32, global_default: bool) -> PriorityClass {
        let mut class = PriorityClass { value, global_default, ..PriorityClass::default() };
        class.metadata.name = name.to_owned();
        class
    }

    fn admitted(class_name: &str, classes: Vec<PriorityClass>) -> (Pod, Vec<Note>) {
        let mut pod = Pod::default();
        pod.spec.priority_class_name = class_name.to_owned();
        let mut objects = Objects { pods: vec![pod], priority_classes: classes, ..Objects::default() };
        let mut notes = Vec::new();
        admit(&mut objects, &mut notes);
        (objects.pods.remove(0), notes)
    }

    #[test]
    fn the_built_in_classes_need_no_object() {
        assert_eq!(admitted("system-node-critical", vec![]).0.spec.priority, Some(2_000_001_000));
    }

    #[test]
    fn the_lowest_default_class_counts() {
        let (pod, _) = admitted("", vec![class("high", 10, true), class("low", 5, true), class("lower", 1, false)]);
        assert_eq!((pod.spec.priority, pod.spec.priority_class_name.as_str()), (Some(5), "low"));
    }

    #[test]
    fn a_policy_comes_with_the_class() {
        let mut never = class("patient", 7, false);
        never.preemption_policy = Some("Never".to_owned());
        assert_eq!(admitted("patient", vec![never]).0.spec.preemption_policy, "Never");
    }

    #[test]
    fn an_unknown_class_is_remarked_on_once() {
        let (pod, notes) = admitted("lost", vec![]);
        assert_eq!(pod.spec.priority, Some(0));
        assert_eq!(notes.len(), 1);
        assert!(notes[0].message.starts_with("no PriorityClass with name lost was found: 1 pod names it"), "{}", notes[0].message);
    }
}
