"""What is asked: questions, prompts and graders, one file a task.

>>> list_tasks()
['math', 'mmlu', 'humaneval']
"""

from tasks.base import Grade, GradeKind, Question, Task, list_tasks, load_task, task_class

__all__ = ["Grade", "GradeKind", "Question", "Task", "list_tasks", "load_task", "task_class"]
