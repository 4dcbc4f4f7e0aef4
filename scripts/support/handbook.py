def check(renderings):
    return "todo"
