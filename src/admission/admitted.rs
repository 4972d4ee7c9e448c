//! What the API server does to each kind: how it is defaulted, changed, checked, held against policies, counted and remembered.
//!
//! To add a kind: an `impl` here, with the functions of its files.

use super::STEPS;
use super::api_server::ApiServer;
use super::defaulting::policy::*;
use super::defaulting::workload::*;
use super::horizontal_pod_autoscaler::default_hpa;
use super::policies::Policies;
use super::resource_quota::Subject;
use super::validation::cluster::*;
use super::validation::field::{ErrorList, FieldError, aggregate};
use super::validation::job::*;
use super::validation::pod::validate_pod;
use super::validation::policy::*;
use super::validation::storage::*;
use super::validation::update;
use super::validation::workload::*;
use super::validation::{metadata::validate_metadata, names};
use super::{default_storage_class, horizontal_pod_autoscaler, limit_ranger, priority, quality_of_service, runtime_class};
use crate::manifest::autoscaling::HorizontalPodAutoscaler;
use crate::manifest::monitoring::PrometheusRule;
use crate::manifest::networking::Ingress;
use crate::manifest::node::{Namespace, Node};
use crate::manifest::objects::Other;
use crate::manifest::pod::Pod;
use crate::manifest::policy::*;
use crate::manifest::refusal::{Cause, Refusal};
use crate::manifest::resource::Resource;
use crate::manifest::storage::*;
use crate::manifest::workload::*;

/// A kind of object that passes through the API server. The methods are the stations of the way, in their order.
pub trait Admitted: Resource {
    /// Plural with its group, as in messages and quotas.
    fn resource(&self) -> &str {
        Self::RESOURCE
    }
    /// Kind with its group, as in messages.
    fn qualified_kind(&self) -> String {
        qualified_kind(Self::KIND, Self::API_VERSION)
    }
    /// Fills in what needs nothing but the object itself.
    fn set_defaults(&mut self) {}
    /// Fills in what policies say, or says why it is refused.
    fn admit(&mut self, _policies: &Policies) -> Result<(), Refusal> {
        Ok(())
    }
    /// Finds what makes no sense.
    fn validate(&self, _errors: &mut ErrorList) {}
    /// Finds what must not differ from an older version.
    fn validate_update(&self, _old: &Self, _errors: &mut ErrorList) {}
    /// Holds it against policies, but for quotas.
    fn review(&self, _policies: &Policies) -> Result<(), Refusal> {
        Ok(())
    }
    /// What quotas count it as.
    fn subject(&self) -> Subject<'_> {
        Subject::Object(self.resource())
    }
    /// Lets the server know of a policy.
    fn remember(&self, _server: &mut ApiServer) {}
    /// Lets the server forget a policy.
    fn forget(&self, _server: &mut ApiServer) {}
}

/// `Deployment.apps` of `Deployment` and `apps/v1`.
fn qualified_kind(kind: &str, api_version: &str) -> String {
    api_version.split_once('/').map_or_else(|| kind.to_owned(), |(group, _)| format!("{kind}.{group}"))
}

/// The refusal of an object that makes no sense.
pub(super) fn invalid<T: Admitted>(object: &T, errors: Vec<FieldError>) -> Refusal {
    let messages: Vec<String> = errors.iter().map(FieldError::to_string).collect();
    let causes = errors.into_iter().map(|error| Cause { reason: error.reason.to_owned(), message: error.body }).collect();
    Refusal::invalid(&object.qualified_kind(), name(object), &aggregate(&messages), causes)
}

/// The name of an object, or the beginning of it.
pub(super) fn name<T: Resource>(object: &T) -> &str {
    let metadata = object.metadata();
    if metadata.name.is_empty() { &metadata.generate_name } else { &metadata.name }
}

impl Admitted for Pod {
    fn set_defaults(&mut self) {
        super::defaulting::pod::default_pod(self);
    }
    fn admit(&mut self, policies: &Policies) -> Result<(), Refusal> {
        STEPS.iter().try_for_each(|step| (step.admit)(self, policies))?;
        quality_of_service(&self.spec).clone_into(&mut self.status.qos_class);
        Ok(())
    }
    fn validate(&self, errors: &mut ErrorList) {
        validate_pod(self, errors);
    }
    fn validate_update(&self, old: &Self, errors: &mut ErrorList) {
        update::pod(old, self, errors);
    }
    fn review(&self, policies: &Policies) -> Result<(), Refusal> {
        limit_ranger::review_pod(self, policies)?;
        runtime_class::review_pod(self, policies)
    }
    fn subject(&self) -> Subject<'_> {
        Subject::Pod(self)
    }
}

impl Admitted for PersistentVolumeClaim {
    fn set_defaults(&mut self) {
        default_claim(self);
    }
    fn admit(&mut self, policies: &Policies) -> Result<(), Refusal> {
        default_storage_class::admit(self, policies)
    }
    fn validate(&self, errors: &mut ErrorList) {
        validate_claim(self, errors);
    }
    fn validate_update(&self, old: &Self, errors: &mut ErrorList) {
        update::claim(old, self, errors);
    }
    fn review(&self, policies: &Policies) -> Result<(), Refusal> {
        limit_ranger::review_claim(self, policies)
    }
    fn subject(&self) -> Subject<'_> {
        Subject::Claim(self)
    }
}

impl Admitted for Service {
    fn set_defaults(&mut self) {
        default_service(self);
    }
    fn validate(&self, errors: &mut ErrorList) {
        validate_service(self, errors);
    }
    fn subject(&self) -> Subject<'_> {
        Subject::Service(self)
    }
}

impl Admitted for Namespace {
    fn set_defaults(&mut self) {
        default_namespace(self);
    }
    fn validate(&self, errors: &mut ErrorList) {
        validate_namespace(self, errors);
    }
    fn remember(&self, server: &mut ApiServer) {
        server.open(&self.metadata.name, self.metadata.deletion_timestamp.is_some());
    }
    fn forget(&self, server: &mut ApiServer) {
        server.policies.remove_namespace(&self.metadata.name);
    }
}

impl Admitted for ResourceQuota {
    fn set_defaults(&mut self) {
        default_resource_quota(self);
    }
    fn validate(&self, errors: &mut ErrorList) {
        validate_resource_quota(self, errors);
    }
    fn validate_update(&self, old: &Self, errors: &mut ErrorList) {
        update::resource_quota(old, self, errors);
    }
    fn remember(&self, server: &mut ApiServer) {
        server.ledger.add(self);
    }
    fn forget(&self, server: &mut ApiServer) {
        server.ledger.remove(self);
    }
}

impl Admitted for LimitRange {
    fn set_defaults(&mut self) {
        default_limit_range(self);
    }
    fn validate(&self, errors: &mut ErrorList) {
        validate_limit_range(self, errors);
    }
    fn remember(&self, server: &mut ApiServer) {
        server.policies.add_limit_range(self.clone());
    }
    fn forget(&self, server: &mut ApiServer) {
        server.policies.remove_limit_range(self);
    }
}

impl Admitted for PriorityClass {
    fn set_defaults(&mut self) {
        default_priority_class(self);
    }
    fn validate(&self, errors: &mut ErrorList) {
        validate_priority_class(self, errors);
    }
    fn validate_update(&self, old: &Self, errors: &mut ErrorList) {
        update::priority_class(old, self, errors);
    }
    fn review(&self, policies: &Policies) -> Result<(), Refusal> {
        priority::review_class(self, policies)
    }
    fn remember(&self, server: &mut ApiServer) {
        server.policies.priority_classes.insert(self.metadata.name.clone(), self.clone());
    }
    fn forget(&self, server: &mut ApiServer) {
        server.policies.priority_classes.remove(&self.metadata.name);
    }
}

impl Admitted for RuntimeClass {
    fn set_defaults(&mut self) {
        default_runtime_class(self);
    }
    fn validate(&self, errors: &mut ErrorList) {
        validate_runtime_class(self, errors);
    }
    fn remember(&self, server: &mut ApiServer) {
        server.policies.runtime_classes.insert(self.metadata.name.clone(), self.clone());
    }
    fn forget(&self, server: &mut ApiServer) {
        server.policies.runtime_classes.remove(&self.metadata.name);
    }
}

impl Admitted for StorageClass {
    fn set_defaults(&mut self) {
        default_storage_class(self);
    }
    fn validate(&self, errors: &mut ErrorList) {
        validate_storage_class(self, errors);
    }
    fn validate_update(&self, old: &Self, errors: &mut ErrorList) {
        update::storage_class(old, self, errors);
    }
    fn remember(&self, server: &mut ApiServer) {
        server.policies.storage_classes.insert(self.metadata.name.clone(), self.clone());
    }
    fn forget(&self, server: &mut ApiServer) {
        server.policies.storage_classes.remove(&self.metadata.name);
    }
}

impl Admitted for Other {
    fn resource(&self) -> &str {
        &self.resource
    }
    fn qualified_kind(&self) -> String {
        qualified_kind(&self.kind, &self.api_version)
    }
    fn remember(&self, server: &mut ApiServer) {
        if self.resource == "serviceaccounts" {
            let namespace = self.metadata.namespace_or_default().to_owned();
            server.policies.service_accounts.insert((namespace, self.metadata.name.clone()));
        }
    }
    fn forget(&self, server: &mut ApiServer) {
        if self.resource == "serviceaccounts" {
            let namespace = self.metadata.namespace_or_default().to_owned();
            server.policies.service_accounts.remove(&(namespace, self.metadata.name.clone()));
        }
    }
}

impl Admitted for HorizontalPodAutoscaler {
    fn set_defaults(&mut self) {
        default_hpa(self);
    }
    fn validate(&self, errors: &mut ErrorList) {
        validate_metadata(&self.metadata, true, names::dns_subdomain, errors);
        horizontal_pod_autoscaler::validate(self).iter().for_each(|sentence| errors.say(sentence));
    }
}

impl Admitted for Ingress {
    fn validate(&self, errors: &mut ErrorList) {
        validate_metadata(&self.metadata, true, names::dns_subdomain, errors);
    }
}

impl Admitted for PrometheusRule {
    fn validate(&self, errors: &mut ErrorList) {
        validate_metadata(&self.metadata, true, names::dns_subdomain, errors);
    }
}

impl Admitted for PodDisruptionBudget {
    fn validate(&self, errors: &mut ErrorList) {
        validate_disruption_budget(self, errors);
    }
}

/// Kinds that no policy is about.
macro_rules! plain {
    ($( $kind:ident: $default:ident $validate:ident $($update:ident)?; )*) => { $(
        impl Admitted for $kind {
            fn set_defaults(&mut self) {
                $default(self);
            }
            fn validate(&self, errors: &mut ErrorList) {
                $validate(self, errors);
            }
            $( fn validate_update(&self, old: &Self, errors: &mut ErrorList) {
                update::$update(old, self, errors);
            } )?
        }
    )* };
}

plain! {
    Node: default_node validate_node;
    Deployment: default_deployment validate_deployment deployment;
    ReplicaSet: default_replica_set validate_replica_set replica_set;
    StatefulSet: default_stateful_set validate_stateful_set stateful_set;
    DaemonSet: default_daemon_set validate_daemon_set daemon_set;
    ReplicationController: default_replication_controller validate_replication_controller;
    Job: default_job validate_job job;
    CronJob: default_cron_job validate_cron_job;
    PersistentVolume: default_volume validate_volume;
}
