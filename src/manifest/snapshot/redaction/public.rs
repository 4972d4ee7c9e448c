//! What is everybody's: keys, values and names that say nothing of a cluster's owner.

/// Domains of label keys, annotations, resources and drivers that are no one's own.
const DOMAINS: [&str; 43] = [
    "kubernetes.io",
    "k8s.io",
    "x-k8s.io",
    "plimsoll.dev",
    "karpenter.sh",
    "karpenter.azure.com",
    "k8s.aws",
    "amazonaws.com",
    "aws.com",
    "azure.com",
    "microsoft.com",
    "google.com",
    "gke.io",
    "nvidia.com",
    "amd.com",
    "intel.com",
    "habana.ai",
    "xilinx.com",
    "openshift.io",
    "digitalocean.com",
    "hetzner.cloud",
    "scaleway.com",
    "oraclecloud.com",
    "alibabacloud.com",
    "ibm.io",
    "ibm.com",
    "k3s.io",
    "cattle.io",
    "rancher.io",
    "istio.io",
    "linkerd.io",
    "cilium.io",
    "projectcalico.org",
    "cert-manager.io",
    "helm.sh",
    "strimzi.io",
    "elastic.co",
    "min.io",
    "rook.io",
    "longhorn.io",
    "openebs.io",
    "topolvm.io",
    "app.doris.ownerreference",
];

/// Label keys without a domain that many charts and controllers use.
const KEYS: [&str; 20] = [
    "app",
    "component",
    "tier",
    "role",
    "name",
    "release",
    "chart",
    "heritage",
    "version",
    "env",
    "environment",
    "team",
    "k8s-app",
    "pod-template-hash",
    "pod-template-generation",
    "controller-revision-hash",
    "controller-uid",
    "job-name",
    "metadata.name",
    "run",
];

/// Labels whose values are words of Kubernetes or of a cloud.
const VALUES: [&str; 14] = [
    "kubernetes.io/os",
    "kubernetes.io/arch",
    "beta.kubernetes.io/os",
    "beta.kubernetes.io/arch",
    "node.kubernetes.io/instance-type",
    "beta.kubernetes.io/instance-type",
    "karpenter.sh/capacity-type",
    "karpenter.k8s.aws/instance-category",
    "karpenter.k8s.aws/instance-family",
    "karpenter.k8s.aws/instance-size",
    "eks.amazonaws.com/capacityType",
    "cloud.google.com/gke-provisioning",
    "kubernetes.azure.com/scalesetpriority",
    "pod-template-generation",
];

/// Labels whose values say which application it is.
const APPLICATION: [&str; 2] = ["app.kubernetes.io/name", "app"];

/// Labels whose values say which part of an application it is, and parts that decide about quorums.
const COMPONENT: &str = "app.kubernetes.io/component";
const COMPONENTS: [&str; 12] = [
    "master",
    "data",
    "coordinating",
    "coordinating-only",
    "ingest",
    "ml",
    "controller",
    "controller-eligible",
    "broker",
    "coordinator",
    "worker",
    "server",
];

/// Roles of nodes that installers give.
const ROLES: [&str; 7] = ["control-plane", "master", "worker", "etcd", "infra", "ingress", "node"];

/// Images whose names rules look for besides those of applications: the proxies of service meshes.
pub(super) const IMAGES: [&str; 3] = ["proxy", "proxyv2", "pause"];

/// Provisioners whose domain is not in the list.
const PROVISIONERS: [&str; 3] = ["docker.io/hostpath", "microk8s.io/hostpath", "local.csi.openebs.io"];

fn is_domain(text: &str) -> bool {
    DOMAINS.iter().any(|domain| text == *domain || text.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')))
}

/// Whether a label key is everybody's.
pub(super) fn is_key(key: &str) -> bool {
    match key.split_once('/') {
        Some(("node-role.kubernetes.io", role)) => ROLES.contains(&role),
        Some(("node-restriction.kubernetes.io", _)) => false,
        Some((domain, _)) => is_domain(domain),
        None => KEYS.contains(&key),
    }
}

/// Whether the domain of a key is everybody's, if not all of the key.
pub(super) fn is_domain_of(key: &str) -> bool {
    key.split_once('/').is_some_and(|(domain, _)| is_domain(domain))
}

/// Whether a whole name is everybody's: a driver, a provisioner, a condition, a truth value.
pub(super) fn is_name(name: &str) -> bool {
    let is_driver = name.contains(".csi.") || name.starts_with("csi.") || name.contains('/') || name.ends_with(".k8s.io");
    matches!(name, "true" | "false") || is_driver && (is_domain(name) || is_domain_of(name)) || PROVISIONERS.contains(&name)
}

/// Whether the values of a label are left as they are.
pub(super) fn has_public_values(key: &str) -> bool {
    VALUES.contains(&key)
}

/// Whether a label's value says which application, or which part of one, it is.
pub(super) fn is_application(key: &str, value: &str, is_known: impl Fn(&str) -> bool) -> bool {
    APPLICATION.contains(&key) && is_known(value) || key == COMPONENT && COMPONENTS.contains(&value)
}
