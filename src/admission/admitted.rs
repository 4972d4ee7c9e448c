//! What the API server does to each kind: one row a kind.

use super::api_server::ApiServer;
use super::defaulting;
use crate::manifest::node::{Namespace, Node};
use crate::manifest::objects::Other;
use crate::manifest::pod::Pod;
use crate::manifest::policy::*;
use crate::manifest::refusal::Refusal;
use crate::manifest::resource::Resource;
use crate::manifest::storage::*;
use crate::manifest::workload::*;

/// A kind of object that passes through the API server.
pub trait Admitted: Resource {
    /// Fills in what the server would, or says why it refuses.
    fn complete(&mut self, _server: &ApiServer) -> Result<(), Refusal> {
        Ok(())
    }
    /// Lets the server know of it.
    fn remember(&self, _server: &mut ApiServer) {}
    /// Lets the server forget it.
    fn forget(&self, _server: &mut ApiServer) {}
}

impl Admitted for Pod {
    fn complete(&mut self, _server: &ApiServer) -> Result<(), Refusal> {
        defaulting::default_pod(self);
        Ok(())
    }
}

impl Admitted for ResourceQuota {
    fn remember(&self, server: &mut ApiServer) {
        server.quotas.push(self.clone());
    }
    fn forget(&self, server: &mut ApiServer) {
        server.quotas.retain(|quota| quota.metadata.namespace != self.metadata.namespace || quota.metadata.name != self.metadata.name);
    }
}

macro_rules! nothing_yet {
    ($($kind:ident)*) => { $( impl Admitted for $kind {} )* };
}

nothing_yet! {
    Namespace Node Deployment ReplicaSet StatefulSet DaemonSet ReplicationController Job CronJob Service PersistentVolumeClaim
    PersistentVolume StorageClass PodDisruptionBudget PriorityClass RuntimeClass LimitRange HorizontalPodAutoscaler Other
}
