"""Validates manifests against the published schemas of Kubernetes, strictly."""

import sys

import kubernetes_validate
import yaml

for path in sys.argv[1:]:
    for document in yaml.safe_load_all(open(path)):
        version = kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)
        print(path, document["apiVersion"], document["kind"], version)
