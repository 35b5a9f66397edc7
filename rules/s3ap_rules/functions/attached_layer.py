"""The layer that a function lacks, where one of its template brings what is missing."""

from s3ap_lint.api import Fix, Function, MissingImport, bad, can_name, edits, layers_bringing, offer

LAYER = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      SharedLayer:
        Type: AWS::Serverless::LayerVersion
        Properties:
          ContentUri: .
        Metadata:
          BuildMethod: makefile
      Collect:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: handler.handler
          CodeUri: functions/collect/
          Layers:
            - !Ref SharedLayer
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: handler.handler
          CodeUri: functions/report/
"""
BESIDE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      SharedLayer:
        Type: AWS::Serverless::LayerVersion
        Properties:
          ContentUri: layer
      Tools:
        Type: AWS::Serverless::LayerVersion
        Properties:
          ContentUri: tools
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: handler.handler
          CodeUri: functions/report/
          Layers:
            - !Ref Tools
    """
RECIPE = (
    "build-SharedLayer:\n"
    '\tmkdir -p "$(ARTIFACTS_DIR)/python/shared"\n'
    '\tcp -r shared/. "$(ARTIFACTS_DIR)/python/shared/"\n'
)
COLLECT = """
    def handler(event, context):
        return event
    """
REPORT = """
    from shared.metrics import count  # <- S3AP307

    def handler(event, context):
        return count(event)
    """
METRICS = """
    def count(event):
        return len(event)
    """
STREAMING = """
    from .streams import records

    def count(event):
        return len(records(event))
    """

EXAMPLES = (
    bad(
        "one function has the layer, and one has not",
        {
            "template.yaml": LAYER,
            "Makefile": RECIPE,
            "functions/collect/handler.py": COLLECT,
            "functions/report/handler.py": REPORT,
            "shared/__init__.py": "",
            "shared/metrics.py": METRICS,
        },
        fixed={"template.yaml": f"{LAYER}          Layers:\n            - !Ref SharedLayer\n"},
    ),
    bad(
        "it has another layer",
        {
            "template.yaml": BESIDE,
            "tools/python/tools.py": "VERSION = 1\n",
            "layer/python/shared/__init__.py": "",
            "layer/python/shared/metrics.py": METRICS,
            "functions/report/handler.py": REPORT,
        },
        fixed={"template.yaml": BESIDE.replace("- !Ref Tools\n", "- !Ref Tools\n            - !Ref SharedLayer\n")},
    ),
    bad(
        "a layer that leaves a part of the package behind would not help, nor one that may not be there",
        {
            "partly/template.yaml": LAYER,
            "partly/Makefile": RECIPE.replace("shared/.", "shared/metrics.py"),
            "partly/shared/__init__.py": "",
            "partly/shared/metrics.py": STREAMING,
            "partly/shared/streams.py": "def records(event):\n    return event\n",
            "partly/functions/collect/handler.py": COLLECT,
            "partly/functions/report/handler.py": REPORT,
            "perhaps/template.yaml": BESIDE.replace(
                "    Resources:", "    Conditions: {Here: !Equals [!Ref AWS::Region, us-east-1]}\n    Resources:"
            ).replace("LayerVersion\n", "LayerVersion\n        Condition: Here\n", 1),
            "perhaps/tools/python/tools.py": "VERSION = 1\n",
            "perhaps/layer/python/shared/__init__.py": "",
            "perhaps/layer/python/shared/metrics.py": METRICS,
            "perhaps/functions/report/handler.py": REPORT,
        },
    ),
)


def with_layer(function: Function, missing: MissingImport) -> Fix | None:
    """A fix that attaches the one layer of the template that brings a module and all that it needs."""
    found = list(layers_bringing(function, missing))
    if len(found) != 1 or not can_name(function.resource, found[0]):
        return None
    source, properties = function.template.source, function.resource.properties
    own, layer = properties["Layers"], edits.ref(found[0].id)
    edit = edits.append(own, source, layer) if own else edits.set(properties, source, "Layers", [layer])
    return offer(f"Attach the layer {found[0].id}", edit)
