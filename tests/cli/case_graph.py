# SPDX-License-Identifier: Apache-2.0
"""A graph against the shapes of CASE/UCO: every class and property exists, counts, datatypes and classes of values are
as the shapes say. Strict: also what the ontology only warns of, and words of open vocabularies."""
import glob, os, re
import rdflib
from rdflib.namespace import OWL, RDF, RDFS, SH, XSD

# Lexical forms that rdflib takes as they are.
FORMS = {XSD.integer: r"-?[0-9]+", XSD.nonNegativeInteger: r"[0-9]+", XSD.boolean: r"true|false", XSD.string: r"(?s:.*)",
         XSD.hexBinary: r"([0-9a-f]{2})+",
         XSD.dateTime: r"(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z?"}
UUID5 = re.compile(r"urn:triage:kb:[a-z-]+-[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class Ontology:
    def __init__(self, folder):
        self.graph = rdflib.Graph()
        for path in sorted(glob.glob(os.path.join(folder, "*.ttl"))):
            self.graph.parse(path, format="turtle")
        self.classes = set(self.graph.subjects(RDF.type, OWL.Class))
        self.properties = set(self.graph.subjects(RDF.type, OWL.DatatypeProperty)) | \
            set(self.graph.subjects(RDF.type, OWL.ObjectProperty))
        self.supers = {c: set(self.graph.transitive_objects(c, RDFS.subClassOf)) for c in self.classes}
        self.shapes = {c: list(self.graph.objects(c, SH.property)) for c in self.classes}
        self.rules = {shape: {p: list(self.graph.objects(shape, p)) for p in set(self.graph.predicates(shape, None))}
                      for shapes in self.shapes.values() for shape in shapes}

    def faults(self, graph):
        """What a graph has that the ontology does not allow, as texts."""
        return sorted(fault for node in set(graph.subjects()) for fault in self._faults_of(graph, node))

    def _faults_of(self, graph, node):
        if isinstance(node, rdflib.BNode) or not UUID5.fullmatch(node):
            yield f"{node}: no UUIDv5"
        types = set(graph.objects(node, RDF.type))
        if not types:
            yield f"{node}: no type"
        for one in types - self.classes:
            yield f"{node}: {one} is no class"
        every = set().union(*(self.supers.get(one, set()) for one in types))
        paths = set()
        for shape in {shape for one in every for shape in self.shapes.get(one, [])}:
            paths |= set(self.rules[shape].get(SH.path, []))
            yield from self._faults_of_shape(graph, node, self.rules[shape])
        for property in set(graph.predicates(node, None)) - {RDF.type}:
            if property not in self.properties:
                yield f"{node}: {property} is no property"
            elif property not in paths:
                yield f"{node}: {property} belongs to no shape of {sorted(types)}"

    def _faults_of_shape(self, graph, node, rules):
        path = rules[SH.path][0]
        values = list(graph.objects(node, path))
        where = f"{node} {path}"
        for least in rules.get(SH.minCount, []):
            if len(values) < int(least):
                yield f"{where}: {len(values)} values, at least {least}"
        for most in rules.get(SH.maxCount, []):
            if len(values) > int(most):
                yield f"{where}: {len(values)} values, at most {most}"
        for kind in rules.get(SH.datatype, []):
            for value in values:
                if not isinstance(value, rdflib.Literal) or (value.datatype or XSD.string) != kind:
                    yield f"{where}: {value!r} is no {kind}"
                elif not re.fullmatch(FORMS[kind], str(value)):
                    yield f"{where}: {value!r} is not in the form of {kind}"
        for kind in rules.get(SH["class"], []):
            for value in values:
                if not any(kind in self.supers.get(one, set()) for one in graph.objects(value, RDF.type)):
                    yield f"{where}: {value} is no {kind}"
        for kind in rules.get(SH.nodeKind, []):
            for value in values:
                wanted = rdflib.Literal if kind == SH.Literal else rdflib.URIRef
                if not isinstance(value, wanted):
                    yield f"{where}: {value!r} is no {kind}"
        for words in rules.get(SH["in"], []):
            allowed = {str(word) for word in self.graph.items(words)}
            for value in values:
                if str(value) not in allowed:
                    yield f"{where}: {value!r} is none of {sorted(allowed)}"


def load(path):
    """The graph as it is written: rdflib's own normal forms would hide what is not in them."""
    rdflib.NORMALIZE_LITERALS = False
    graph = rdflib.Graph()
    graph.parse(path, format="json-ld")
    return graph
