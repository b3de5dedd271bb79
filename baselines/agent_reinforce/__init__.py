"""Agent-REINFORCE (arXiv 2511.00086): a probabilistic graph, sampled, evaluated, updated by an agent.

loop.py       the method: initialise, sample, evaluate, consult the agent, update
feedback.py   the facts the agent is told, as a typed record
prompts.py    the record as the text an LLM would be sent
scripted.py   a deterministic policy that answers from the same record
random.py     the control: valid structure, random content
"""

from baselines.agent_reinforce import loop as _loop  # registers the methods

__all__ = ["_loop"]
