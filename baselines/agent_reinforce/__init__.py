"""Agent-REINFORCE (arXiv 2511.00086), as its paper describes it and as its release runs.

loop.py       the paper's method: a probabilistic graph, sampled, evaluated, updated by an agent
feedback.py   all that the agent is told at one update, as a typed record
prompts.py    the record as the text an LLM is sent, and the schemas of its replies
scripted.py   a deterministic policy that answers from the same record
random.py     the control: valid structure, random content
release.py    the official release, with its defects
"""

from baselines.agent_reinforce import loop as _loop  # registers the methods
from baselines.agent_reinforce import release as _release

__all__ = ["_loop", "_release"]
