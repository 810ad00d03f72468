module canswarm.example/task

go 1.26
