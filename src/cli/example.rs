//! The embedded example: what commands look at when no path is given. A test compares the lists here with the folder.

/// A file of the example: its name, and what it holds.
pub type Part = (&'static str, &'static str);

macro_rules! part {
    ($name:literal) => {
        (concat!("fixtures/data-platform/", $name), include_str!(concat!("../../fixtures/data-platform/", $name)))
    };
}

/// Today's cluster: one node and its pods, as `kubectl get` hands them out.
pub const TODAY: &[Part] = &[part!("cluster.yaml")];

/// What it is to become, as manifests.
pub const TARGET: &[Part] = &[
    part!("target/data-platform-quota.yaml"),
    part!("target/data-tools.yaml"),
    part!("target/datahub.yaml"),
    part!("target/doris.yaml"),
    part!("target/elasticsearch.yaml"),
    part!("target/ingress-nginx.yaml"),
    part!("target/kafka.yaml"),
    part!("target/kube-system.yaml"),
    part!("target/minio.yaml"),
    part!("target/monitoring.yaml"),
    part!("target/namespaces.yaml"),
    part!("target/nodes.yaml"),
    part!("target/platform-services.yaml"),
    part!("target/postgres.yaml"),
    part!("target/storage.yaml"),
    part!("target/superset.yaml"),
    part!("target/trino.yaml"),
    part!("target/vault.yaml"),
];

/// What its containers use, over a day.
pub const USAGE: Part = part!("usage.csv");
