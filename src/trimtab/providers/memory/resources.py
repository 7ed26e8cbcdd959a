"""Things of a store as native resources."""

from trimtab.plan import Attributes, Key, Resource
from trimtab.plan.resource import Secret
from trimtab.providers.memory.kinds import id_of
from trimtab.providers.memory.store import MemoryStore, StoredResource
from trimtab.providers.pause import BACK_TAG


def resource_of(store: MemoryStore, key: Key, thing: StoredResource) -> Resource:
    """A thing of the store as a native resource."""
    size = store.sizes.get(key)
    body = dict(thing.body)
    attributes: Attributes = {"id": id_of(key), "version": thing.version}
    if "user_data" in body:
        body["user_data"] = Secret(body["user_data"])
    if size is not None:
        body["desired"] = size.desired
        old = sum(machine.version != body["template"]["version"] for machine in size.machines)
        paused = size.paused.line() if size.paused else None
        boost = size.boost.line() if size.boost else None
        attributes |= {"instances": len(size.machines), "outdated": old, "paused": paused, "boosted": boost}
        attributes |= {"rollout": size.run.line()} if size.run else {}
        attributes |= {"rolled_back": size.notes[BACK_TAG]} if BACK_TAG in size.notes else {}
    deleting = size is not None and size.deleted is not None
    group = thing.mark.group if thing.mark else ""
    return Resource(key=key, body=body, group=group, mark=thing.mark, attributes=attributes, deleting=deleting)
