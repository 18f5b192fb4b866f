def check_control(field, taken, same_name):
    return ()
