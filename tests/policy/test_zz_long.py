"""Every operator with every odd operand is read or refused."""
import itertools
from tests.policy.texts import denying, problems_of, text_of
from tidegate.policy.operators import Operator
from tidegate.policy.facts import FACTS
ODD=["{}","[]","[[]]","[{}]","{a: {}}","{a: []}","{a: [[]]}","{fact: }","{fact: {}}","{fact: []}","{fact: x, y: 1}","null","","~","''","5","2.5","true","x","-1","[null]","[true]","[x, 5]","{a: null}","{fact: scaleSet.name}","{fact: scaleSet.zones}","{fact: scaleSet.tags}", "{? a : b}", "20%","P1D"]
def test_x():
    seen=set(); names=[]
    for f in FACTS.values():
        if f.type not in seen and "eligibility" in {s.value for s in f.sections}: seen.add(f.type); names.append(f.name)
    for n,o,x in itertools.product(names,Operator,ODD):
        for w in ("{fact: %s, %s: %s}"%(n,o.value,x), "{not: {fact: %s, %s: %s}}"%(n,o.value,x)):
            problems_of(text_of(eligibility=denying(w)))
    for key in ("batch","zones","faultDomains","unhealthyFirst","pauseBetweenBatches","settleTimeout","instanceTimeout","minimumHealthy","maximumInFlight","failedInstances","because","when","name"):
        for x in ODD:
            problems_of(text_of(batching="- {name: own, batch: 1, %s: %s}"%(key,x)))
            problems_of(text_of(batching="- {name: own, %s: %s}"%(key,x)))
    for key in ("at","when","minimumSample","then","because","code","evenWhenForced","name"):
        for x in ODD:
            problems_of(text_of(halt="- {%s: %s}"%(key,x)))
            d={"at":"afterBatch","then":"halt","because":"x","name":"own"}; d[key]=x
            problems_of(text_of(halt="- {%s}"%", ".join(f"{k}: {v}" for k,v in d.items())))
    for key in ("appliesTo","retry","eligibility","halt","description","appliesTo: {scaleSet.tags","appliesTo: {scaleSet.name","appliesTo: {scaleSet.isServiceFabric","retry: {after","retry: {attempts: 3, after","retry: {after: P1D, attempts"):
        for x in ODD:
            problems_of(text_of(rest=f"{key}: {x}"+("}" if "{" in key else "")+"\n"))
