//! Applications that need more than one of their pods, or fewer than a majority: one row each.
//!
//! Recognised by the labels `app.kubernetes.io/name` and `app` of the pods, or by the last part of the main container's image. Rules hold for workloads whose pods
//! have an identity (StatefulSets, operators' objects); a Deployment that runs such an image is one of its clients, tools or exporters.
//!
//! A group that is spread over several workloads (zones, node pools) is judged workload by workload, which is stricter than the truth.
//!
//! To add one: a row with the vendor's page, a rule if none fits.

use super::workload::Workload;
use super::{majority, minio};
use crate::manifest::location::Note;

/// An application whose need is known.
pub struct Application {
    /// Its name.
    pub name: &'static str,
    /// Names of images (the last part, without tag) and values of those labels that mean it.
    pub names: &'static [&'static str],
    /// What it needs.
    pub rule: Rule,
    /// Who says so.
    pub source: &'static str,
}

/// How many pods an application needs. Remarks are about settings that make no sense.
pub type Rule = fn(&Workload<'_>, &mut Vec<Note>) -> Need;

/// What an application needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// So many pods must be ready.
    pub pods: usize,
    /// Why.
    pub why: String,
}

/// The applications. The first row that matches counts.
pub const APPLICATIONS: &[Application] = &[
    Application {
        name: "Elasticsearch",
        names: &["elasticsearch", "opensearch", "elasticsearch-oss", "docker-elasticsearch-kubernetes"],
        rule: elasticsearch,
        source: "https://www.elastic.co/guide/en/elasticsearch/reference/current/modules-discovery-quorums.html",
    },
    Application {
        name: "ZooKeeper",
        names: &["zookeeper", "cp-zookeeper", "kubernetes-zookeeper"],
        rule: of_all,
        source: "https://zookeeper.apache.org/doc/current/zookeeperAdmin.html#sc_zkMulitServerSetup",
    },
    Application {
        name: "Kafka",
        names: &["kafka", "cp-kafka", "cp-server", "kafka-native"],
        rule: kafka,
        source: "https://kafka.apache.org/documentation/#kraft_deployment",
    },
    Application { name: "etcd", names: &["etcd"], rule: of_all, source: "https://etcd.io/docs/latest/faq/#what-is-failure-tolerance" },
    Application {
        name: "Vault",
        names: &["vault", "vault-enterprise", "openbao"],
        rule: vault,
        source: "https://developer.hashicorp.com/vault/docs/internals/integrated-storage#quorum-size-and-failure-tolerance",
    },
    Application {
        name: "Consul",
        names: &["consul", "consul-enterprise"],
        rule: of_all,
        source: "https://developer.hashicorp.com/consul/docs/architecture/consensus#deployment_table",
    },
    Application {
        name: "RabbitMQ",
        names: &["rabbitmq"],
        rule: rabbitmq,
        source: "https://www.rabbitmq.com/docs/quorum-queues#quorum-requirements",
    },
    Application { name: "MinIO", names: &["minio", "aistor"], rule: minio::need, source: minio::SOURCE },
    Application {
        name: "PostgreSQL",
        names: &["postgresql", "postgres", "postgresql-repmgr", "spilo", "spilo-15", "spilo-16", "spilo-17", "patroni", "timescaledb-ha"],
        rule: postgresql,
        source: "https://www.postgresql.org/docs/current/warm-standby.html",
    },
    Application {
        name: "Redis Sentinel",
        names: &["redis-sentinel"],
        rule: of_all,
        source: "https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/#fundamental-things-to-know-about-sentinel-before-deploying",
    },
    Application {
        name: "Redis Cluster",
        names: &["redis-cluster", "valkey-cluster"],
        rule: of_all,
        source: "https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#availability",
    },
    Application {
        name: "Redis",
        names: &["redis", "valkey"],
        rule: redis,
        source: "https://redis.io/docs/latest/operate/oss_and_stack/management/replication/",
    },
    Application {
        name: "Trino",
        names: &["trino"],
        rule: trino,
        source: "https://trino.io/docs/current/overview/concepts.html#coordinator",
    },
    Application {
        name: "Doris",
        names: &["doris", "doris.fe-ubuntu", "doris.be-ubuntu", "doris-fe", "doris-be"],
        rule: doris,
        source: "https://doris.apache.org/docs/gettingStarted/what-is-apache-doris",
    },
    Application {
        name: "MongoDB",
        names: &["mongodb", "mongo"],
        rule: of_all,
        source: "https://www.mongodb.com/docs/manual/core/replica-set-elections/",
    },
    Application {
        name: "Galera",
        names: &["mariadb-galera", "percona-xtradb-cluster"],
        rule: of_all,
        source: "https://galeracluster.com/library/documentation/weighted-quorum.html",
    },
    Application {
        name: "NATS",
        names: &["nats"],
        rule: of_all,
        source: "https://docs.nats.io/running-a-nats-service/configuration/clustering/jetstream_clustering#the-quorum",
    },
];

/// What a workload is, if its pods have an identity.
pub(super) fn recognise(workload: &Workload<'_>) -> Option<&'static Application> {
    if !workload.has_identity {
        return None;
    }
    let named = |name: &str| APPLICATIONS.iter().find(|application| application.names.contains(&name));
    let images = || workload.spec.containers.iter().map(|container| image_name(&container.image));
    // a Sentinel beside each Redis decides who serves
    if images().any(|image| image == "redis-sentinel") {
        return named("redis-sentinel");
    }
    // what stands behind the first container serves it; a service mesh puts its proxy in front
    let main = || images().find(|image| !image.starts_with("proxy"));
    let labels = ["app.kubernetes.io/name", "app"].into_iter().filter_map(|key| workload.label(key));
    labels.chain(main()).find_map(named)
}

/// The last part of an image's name, without tag and digest: `minio` of `quay.io/minio/minio:latest`.
fn image_name(image: &str) -> &str {
    let name = image.split_once('@').map_or(image, |(name, _)| name);
    let last = name.rsplit_once('/').map_or(name, |(_, last)| last);
    last.split_once(':').map_or(last, |(last, _)| last)
}

/// A majority of these members.
fn majority_of(replicas: usize, members: &str) -> Need {
    if replicas < 2 {
        return alone();
    }
    Need { pods: majority(replicas), why: format!("majority of {replicas} {members}") }
}

/// One pod does.
fn one(why: &str) -> Need {
    Need { pods: 1, why: why.to_owned() }
}

/// There is nobody to agree with.
fn alone() -> Need {
    one("runs alone")
}

fn of_all(workload: &Workload<'_>, _: &mut Vec<Note>) -> Need {
    majority_of(workload.replicas, "members")
}

/// All but one: what is there twice or three times bears the loss of one copy.
fn all_but_one(workload: &Workload<'_>, why: &str) -> Need {
    if workload.replicas < 2 {
        return alone();
    }
    Need { pods: workload.replicas - 1, why: format!("all but one of {}: {why}", workload.replicas) }
}

fn component<'a>(workload: &Workload<'a>) -> &'a str {
    workload.label("app.kubernetes.io/component").unwrap_or_default()
}

/// Masters decide by majority. An index has one replica by default, so that of nodes with data one may be missing; the others keep nothing.
fn elasticsearch(workload: &Workload<'_>, _: &mut Vec<Note>) -> Need {
    let role = |role: &str| workload.label(&format!("elasticsearch.k8s.elastic.co/node-{role}"));
    let keeps_data = role("data") == Some("true") || component(workload) == "data";
    if role("master") == Some("false") || matches!(component(workload), "data" | "coordinating" | "coordinating-only" | "ingest" | "ml") {
        return if keeps_data { all_but_one(workload, "an index has one replica by default") } else { one("keeps no data") };
    }
    majority_of(workload.replicas, "master-eligible nodes")
}

/// Controllers decide by majority, and so does a ZooKeeper that comes with Kafka's image. `min.insync.replicas` of brokers is not seen.
fn kafka(workload: &Workload<'_>, _: &mut Vec<Note>) -> Need {
    if workload.spec.containers.iter().any(|container| container.image.contains("zookeeper")) {
        return majority_of(workload.replicas, "ZooKeeper servers");
    }
    let is_controller = workload.label("strimzi.io/controller-role") == Some("true") || component(workload).starts_with("controller");
    majority_of(workload.replicas, if is_controller { "controllers" } else { "brokers" })
}

/// With integrated storage a majority of the servers. Without a volume of their own the servers share a back end, and one is active.
fn vault(workload: &Workload<'_>, _: &mut Vec<Note>) -> Need {
    if workload.claims == 0 {
        return one("one active server, the storage is elsewhere (no volumes of its own)");
    }
    majority_of(workload.replicas, "servers with integrated storage")
}

fn rabbitmq(workload: &Workload<'_>, _: &mut Vec<Note>) -> Need {
    majority_of(workload.replicas, "nodes (quorum queues)")
}

fn postgresql(_: &Workload<'_>, _: &mut Vec<Note>) -> Need {
    one("one primary serves, standbys take over")
}

fn redis(_: &Workload<'_>, _: &mut Vec<Note>) -> Need {
    one("one server, replicas only read")
}

fn trino(workload: &Workload<'_>, _: &mut Vec<Note>) -> Need {
    one(if component(workload) == "worker" { "one worker" } else { "the coordinator" })
}

/// Front ends (followers) decide by majority; a tablet has three replicas of which a majority must be written.
fn doris(workload: &Workload<'_>, _: &mut Vec<Note>) -> Need {
    let says = |part: &str| {
        let tag = |image: &str| image.rsplit_once(':').is_some_and(|(_, tag)| tag.starts_with(&format!("{part}-")));
        let name = |image: &str| [format!("doris-{part}"), format!("doris.{part}-ubuntu")].iter().any(|name| name == image_name(image));
        let is_component =
            component(workload) == part || workload.label("app.doris.ownerreference/name").is_some_and(|name| name.ends_with(part));
        is_component || workload.spec.containers.iter().any(|container| tag(&container.image) || name(&container.image))
    };
    if says("be") {
        return match workload.replicas {
            2 => Need { pods: workload.replicas, why: "all: a tablet has its replicas on all of them".to_owned() },
            _ => all_but_one(workload, "a tablet has three replicas by default, a majority is written"),
        };
    }
    majority_of(workload.replicas, "followers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_have_names() {
        let of = [
            ("quay.io/minio/minio:latest", "minio"),
            ("localhost:5000/kafka", "kafka"),
            ("redis@sha256:00", "redis"),
            ("docker.elastic.co/elasticsearch/elasticsearch:8.5.1@sha256:1", "elasticsearch"),
            ("", ""),
        ];
        of.iter().for_each(|(image, name)| assert_eq!(image_name(image), *name));
    }

    #[test]
    fn no_name_means_two_applications() {
        let mut names: Vec<&str> = APPLICATIONS.iter().flat_map(|application| application.names).copied().collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
