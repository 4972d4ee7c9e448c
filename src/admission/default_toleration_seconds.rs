//! DefaultTolerationSeconds: a pod stays five minutes on a node that is not ready or cannot be reached.
//!
//! Source: k8s.io/kubernetes/plugin/pkg/admission/defaulttolerationseconds/admission.go, v1.36.

use super::policies::Policies;
use crate::manifest::pod::{Pod, Toleration};
use crate::manifest::refusal::Refusal;

const SECONDS: i64 = 300;
const TAINTS: [&str; 2] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

/// Adds the tolerations that a pod lacks.
pub(super) fn admit(pod: &mut Pod, _policies: &Policies) -> Result<(), Refusal> {
    let speaks_of = |toleration: &Toleration, key: &str| {
        (toleration.key == key || toleration.key.is_empty()) && (toleration.effect == "NoExecute" || toleration.effect.is_empty())
    };
    let missing = TAINTS.map(|key| (key, !pod.spec.tolerations.iter().any(|toleration| speaks_of(toleration, key))));
    for (key, _) in missing.into_iter().filter(|(_, is_missing)| *is_missing) {
        pod.spec.tolerations.push(Toleration {
            key: key.to_owned(),
            operator: "Exists".to_owned(),
            effect: "NoExecute".to_owned(),
            toleration_seconds: Some(SECONDS),
            ..Toleration::default()
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pod_says_itself_stays() {
        let rows = [
            ("[]", 2),
            ("[{operator: Exists}]", 1),
            ("[{key: node.kubernetes.io/not-ready, operator: Exists, effect: NoSchedule}]", 3),
            ("[{key: node.kubernetes.io/unreachable, value: x, effect: NoExecute}]", 2),
        ];
        for (tolerations, number) in rows {
            let mut pod: Pod = serde_saphyr::from_str(&format!("spec: {{tolerations: {tolerations}}}")).unwrap();
            admit(&mut pod, &Policies::default()).unwrap();
            admit(&mut pod, &Policies::default()).unwrap();
            assert_eq!(pod.spec.tolerations.len(), number, "{tolerations}");
        }
    }
}
