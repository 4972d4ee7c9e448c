//! Ingresses, as far as they say which Services they lead to.
//!
//! Hosts, paths, certificates and classes are left out: nothing here depends on them. What `networking.k8s.io/v1beta1` and
//! `extensions/v1beta1` write otherwise (`serviceName` beside the port, `spec.backend` for the default) is read as well.
//!
//! Source: k8s.io/api/networking/{v1,v1beta1}/types.go, v1.36 and v1.21.

use std::collections::BTreeSet;

use super::meta::ObjectMeta;

objects! {
    /// An Ingress: the way from outside to Services.
    pub struct Ingress {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: IngressSpec,
    }

    /// `spec` of an Ingress.
    pub struct IngressSpec {
        /// Where requests go that no rule matches.
        pub default_backend: Option<IngressBackend>,
        /// The same in `v1beta1`.
        pub backend: Option<IngressBackend>,
        /// Where requests go, by host.
        pub rules: Vec<IngressRule>,
    }

    /// Where requests for a host go.
    pub struct IngressRule {
        /// By path.
        pub http: Option<HttpIngressRuleValue>,
    }

    /// Where requests go, by path.
    pub struct HttpIngressRuleValue {
        /// The paths.
        pub paths: Vec<HttpIngressPath>,
    }

    /// Where requests for a path go.
    pub struct HttpIngressPath {
        /// Where to.
        pub backend: IngressBackend,
    }

    /// Where requests go: to a Service, or to an object that is not looked at.
    pub struct IngressBackend {
        /// The Service.
        pub service: Option<IngressServiceBackend>,
        /// Name of the Service in `v1beta1`.
        pub service_name: String,
    }

    /// A Service that requests go to.
    pub struct IngressServiceBackend {
        /// Its name.
        pub name: String,
    }
}

impl Ingress {
    /// Names of the Services it leads to, all in its own namespace.
    pub fn services(&self) -> BTreeSet<&str> {
        let spec = &self.spec;
        let paths = spec.rules.iter().filter_map(|rule| rule.http.as_ref()).flat_map(|http| &http.paths);
        let backends = spec.default_backend.iter().chain(&spec.backend).chain(paths.map(|path| &path.backend));
        let names = backends.map(|backend| backend.service.as_ref().map_or(backend.service_name.as_str(), |service| &service.name));
        names.filter(|name| !name.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::read::read_str;

    #[test]
    fn both_ways_of_writing_lead_to_services() {
        let text = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: new, namespace: shop}
spec:
  defaultBackend: {service: {name: fallback, port: {number: 80}}}
  rules:
  - host: shop.example
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}, {backend: {resource: {kind: Bucket, name: b}}}]}
  - {host: nothing.example, http: null}
---
apiVersion: extensions/v1beta1
kind: Ingress
metadata: {name: old, namespace: shop}
spec: {backend: {serviceName: fallback, servicePort: 80}, rules: [{http: {paths: [{backend: {serviceName: web, servicePort: http}}]}}]}
";
        let input = read_str("ingress.yaml", text);
        assert!(input.problems.is_empty(), "{:?}", input.problems);
        for ingress in &input.objects.ingresses {
            assert_eq!(Vec::from_iter(ingress.services()), ["fallback", "web"], "{}", ingress.metadata.name);
        }
        assert_eq!((input.objects.ingresses.len(), input.objects.others.len()), (2, 0));
    }
}
