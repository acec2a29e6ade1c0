"""Wrong command lines: each is answered with a sentence that names the thing, the value and the next step, and changes nothing.
Exit code 2 where the command line is wrong, 3 where nothing answers, 1 where it is right but what it names isn't there."""

import os
import re
import shlex
import subprocess

import pytest

from harness import BINARY, Kiln

PYTHON = "def lambda_handler(event, context):\n    return {'hello': event.get('name', 'world')}\n"
NAME = "a name has letters, digits, '-' and '_', 64 at most"
# (command, exit code, what the sentence has)
CASES = [
    ("nonsense", 2, "there is no command 'kiln nonsense'; `kiln --help` lists the commands"),
    ("invok hello", 2, "did you mean `kiln invoke`?"),
    ("alarm", 2, "kiln alarm needs a command: list, set, state, history, or delete; `kiln alarm --help` says more"),
    ("alarm sets x", 2, "did you mean `kiln alarm set`?"),
    ("--nope", 2, "kiln has no option --nope; `kiln --help` shows what it takes"),
    ("--config /nowhere list", 2, "can't read the configuration file '/nowhere'"),
    ("reference pdf", 2, "there is no command 'kiln reference pdf'"),
    ("serve extra", 2, "has no place for 'extra'"),
    ("serve --port", 2, "--port needs a value: PORT"),
    ("serve --port 99999", 2, "--port is '99999'; it must be a whole number from 0 to 65535"),
    ("serve --host nowhere.example", 2, "it must be an IP address"),
    ("serve --speed fast", 2, "--speed is 'fast'; it must be a number from 1 to 3600"),
    ("serve --account 12", 2, "an account id has 12 digits"),
    ("serve --io aio", 2, "it must be auto, epoll, or uring"),
    ("serve --threads -1", 2, "it must be a whole number from 0 to 1024"),
    ("serve --forward s3", 2, "SERVICE=URL, as in s3=http://127.0.0.1:9000"),
    ("serve --forward s3=ftp://x", 2, "'ftp://x' is neither http:// nor https://"),
    ("serve --forward dynamobd=http://x", 2, "AWS has no service 'dynamobd'; did you mean dynamodb?"),
    ("--config flags.toml list", 2, "flags.toml, line 2: 'here' has no '='; write NAME = VALUE"),
    ("--config flags.toml serve", 2, "flags.toml, line 2: 'here' has no '='"),
    ("serve --python 3.12", 2, "write VERSION=PATH"),
    ("serve --python 3.12=/nowhere", 2, "there is no interpreter /nowhere"),
    ("serve --runtimes /nowhere", 2, "--runtimes is '/nowhere'; it must be a folder"),
    ("serve --log-level loud", 2, "it must be debug, info, warning, or error"),
    ("serve --log-format xml", 2, "it must be text or json"),
    ("serve --idle-lifetime 0", 2, "write a number and a unit"),
    ("serve --account-concurrency 0", 2, "from 1 to 10000000"),
    ("serve --allow-host http://x", 2, "a host name without scheme and port"),
    ("serve --allow-origin shop", 2, "as in https://shop.example"),
    ("serve --here --data-dir x", 2, "can't go together"),
    ("serve --port 0 --data-dir /proc/x", 1, "choose another with --data-dir"),
    ("create", 2, "kiln create needs NAME: `kiln create [OPTIONS] NAME DIR_OR_ZIP`"),
    ("create x", 2, "needs DIR_OR_ZIP"),
    ("create '' hello", 2, "name is empty"),
    ("create x ''", 2, "code is empty"),
    ("create x /nowhere", 2, "there is no file or folder '/nowhere'; give the folder or the zip file of the code\n"),
    ("create x empty", 2, "the folder 'empty' is empty"),
    ("create x plain.txt", 2, "is neither a folder nor a zip archive"),
    ("create 'bad name' hello", 2, f"function name can't be 'bad name'; {NAME}"),
    ("create hello hello", 1, "`kiln create hello hello --update` replaces its code"),
    ("create x hello --env A=secret", 2, "kiln: 'A' can't be the name of a variable on Lambda"),
    ("create x hello --env =secret", 2, "kiln: --env takes NAME=VALUE\n"),
    ("create x hello --env MY-KEY=secret", 2, "kiln: 'MY-KEY' can't be the name of a variable on Lambda"),
    ("event s3-put", 2, "no sample event 's3-put'; did you mean s3?"),
    ("event apigateway-aws-proxy", 2, "did you mean apigateway-"),
    ("logs hello --grep x", 2, "it is --filter here"),
    ("reserve hello --off", 2, "`kiln reserve NAME none`"),
    ("url hello --off", 2, "it is --delete here"),
    ("secrets", 2, "`kiln create NAME DIR --update --env-file FILE` gives a function its secrets"),
    ("config hello", 2, "`kiln list --json` prints the settings of functions"),
    ("show hello", 2, "`kiln list` lists functions"),
    ("create x hello --memory 64", 2, "from 128 to 10240"),
    ("create x hello --memory lots", 2, "--memory is 'lots'"),
    ("create x hello --timeout 901", 2, "from 1 to 900"),
    ("create x hello --runtime python2.7", 1, "no longer supported"),
    ("create x hello --runtime pyhton3.12", 2, "runtime can't be 'pyhton3.12'; did you mean python3.12?"),
    ("create x hello --handler 'a b'", 2, "it is FILE.FUNCTION without blanks"),
    ("create x hello --env novalue", 2, "--env is 'novalue'; it must be novalue=VALUE"),
    ("serve --config no.toml", 2, "--config belongs before the command: `kiln --config VALUE serve`"),
    ("alarm list --version", 2, "--version prints Kiln's version, and stands alone: `kiln --version`"),
    ("events", 2, "there is no command 'kiln events'; did you mean `kiln event`? `kiln aws events` runs the AWS CLI"),
    ("events put-events", 2, "there is no command 'kiln events'; `kiln aws events put-events` runs the AWS CLI"),
    ("reference", 2, "kiln reference needs a command: markdown or man; "),
    ("env --endpoint nonsense", 2, "the endpoint 'nonsense' is not a URL; write it as http://127.0.0.1:4566"),
    # A wrong word is said before anybody is asked for anything.
    ("cost --window 1y --endpoint http://127.0.0.1:9", 2, "kiln: --window: '1y' is not a duration"),
    ("cost --window 0s --endpoint http://127.0.0.1:9", 2, "kiln: --window is '0s'; it must be above 0"),
    ("cost --prices /nowhere --endpoint http://127.0.0.1:9", 2, "can't read '/nowhere'"),
    ("logs hello --since 1000000000d", 2, "kiln: --since: '1000000000d' is too long; a century (36500d) is the most"),
    ("reserve hello 99999999999", 2, "concurrency is '99999999999'; it must be a whole number from 0 to 1000000, or none"),
    ("load hello --rate 99999999/s", 2, "--rate: '99999999/s' is too much; "),
    ("top --interval 0s", 2, "--interval is '0s'; it must be longer than 0"),
    ("load hello --rate 0/s --for 1s", 1, "no request was due in 1s at 0/s; give a longer --for, a higher --rate, or another --seed"),
    ("simulate hello --since 1y --endpoint http://127.0.0.1:9", 2, "kiln: --since: '1y' is not a duration"),
    ("simulate hello --rate many --endpoint http://127.0.0.1:9", 2, "kiln: --rate: 'many' is not traffic; write 50/s"),
    ("simulate hello --duration long --endpoint http://127.0.0.1:9", 2, "kiln: --duration: 'long' is not a time; write 120ms"),
    ("simulate hello --init long --endpoint http://127.0.0.1:9", 2, "kiln: --init: 'long' is not a time"),
    ("simulate hello --errors 7 --endpoint http://127.0.0.1:9", 2, "kiln: --errors: '7' is no share; write 1% or 0.01"),
    ("simulate --rate 5/s --duration 5ms --sweep memory=128 --p99-below 1y", 2, "kiln: --p99-below: '1y' is not a duration"),
    ("simulate --rate 5/s --duration 5ms --sweep memory=128 --cold-below 7", 2, "kiln: --cold-below: '7' is no share"),
    ("advise hello --cold-below 7", 2, "kiln: --cold-below: '7' is no share"),
    ("load hello --rate foo", 2, "kiln: --rate: 'foo' is not traffic"),
    ("ps hello:nope", 1, "'hello' has no alias 'nope'; `kiln alias list hello`"),
    ("ps 'a b'", 2, "function name can't be 'a b'"),
    ("scale nope:live", 1, "nope"),
    # A function's name, its version, its ARN and that one's Region are read alike by all commands.
    ("debug arn:aws:lambda:us-east-1:000000000000:function:helo --stop", 1, "no function 'helo'; did you mean hello? `kiln list` shows"),
    ("profile arn:aws:lambda:us-east-1:000000000000:function:helo -n 1 --payload {}", 1, "no function 'helo'; did you mean hello? `kiln list` shows"),
    ("simulate arn:aws:lambda:us-east-1:000000000000:function:helo --since 1h", 1, "no function 'helo'; did you mean hello? `kiln list` shows"),
    ("url arn:aws:lambda:us-east-1:000000000000:function:helo", 1, "no function 'helo'; did you mean hello? `kiln list` shows"),
    ("url arn:aws:lambda:us-east-1:000000000000:function:helo --delete", 1, "no function 'helo'; did you mean hello? `kiln list` shows"),
    ("ps arn:aws:lambda:us-east-1:000000000000:function:helo", 1, "no function 'helo'; did you mean hello? `kiln list` shows"),
    ("load arn:aws:lambda:us-east-1:000000000000:function:helo --for 1s", 1, "no function 'helo'; did you mean hello? `kiln list` shows"),
    ("tune arn:aws:lambda:us-east-1:000000000000:function:helo -n 1", 1, "no function 'helo'; did you mean hello? `kiln list` shows"),
    ("files arn:aws:lambda:us-east-1:000000000000:function:helo", 1, "no environment and no function 'helo'; did you mean hello? `kiln list` shows"),
    ("logs arn:aws:lambda:us-east-1:000000000000:function:helo", 1, "no function 'helo'; did you mean hello? `kiln list` shows"),
    ("publish arn:aws:lambda:us-east-1:000000000000:function:helo", 1, "no function 'helo'; did you mean hello? `kiln list` shows"),
    ("alias list arn:aws:lambda:us-east-1:000000000000:function:helo", 1, "no function 'helo'; did you mean hello? `kiln list` shows"),
    ("reserve arn:aws:lambda:us-east-1:000000000000:function:helo", 1, "no function 'helo'; did you mean hello? `kiln list` shows"),
    ("debug arn:aws:lambda:us-east-1:000000000000:function:hello:9 --stop", 1, "kiln: 'hello' has no version 9; `kiln publish hello` publishes one\n"),
    ("profile arn:aws:lambda:us-east-1:000000000000:function:hello:9 -n 1 --payload {}", 1, "kiln: 'hello' has no version 9; `kiln publish hello` publishes one\n"),
    ("simulate arn:aws:lambda:us-east-1:000000000000:function:hello:9", 1, "kiln: 'hello' has no version 9; `kiln publish hello` publishes one\n"),
    ("url arn:aws:lambda:us-east-1:000000000000:function:hello:9", 1, "kiln: 'hello' has no version 9; `kiln publish hello` publishes one\n"),
    ("scale arn:aws:lambda:us-east-1:000000000000:function:hello:9", 1, "kiln: 'hello' has no version 9; `kiln publish hello` publishes one\n"),
    ("provision arn:aws:lambda:us-east-1:000000000000:function:hello:9", 1, "kiln: 'hello' has no version 9; `kiln publish hello` publishes one\n"),
    ("ps arn:aws:lambda:us-east-1:000000000000:function:hello:9", 1, "kiln: 'hello' has no version 9; `kiln publish hello` publishes one\n"),
    ("load arn:aws:lambda:us-east-1:000000000000:function:hello:9 --for 1s", 1, "kiln: 'hello' has no version 9; `kiln publish hello` publishes one\n"),
    ("tune arn:aws:lambda:us-east-1:000000000000:function:hello:9 -n 1", 1, "kiln: 'hello' has no version 9; `kiln publish hello` publishes one\n"),
    ("files arn:aws:lambda:us-east-1:000000000000:function:hello:9", 1, "kiln: 'hello' has no version 9; `kiln publish hello` publishes one\n"),
    ("invoke arn:aws:lambda:us-east-1:000000000000:function:hello:9", 1, "kiln: 'hello' has no version 9; `kiln publish hello` publishes one\n"),
    ("logs arn:aws:lambda:us-east-1:000000000000:function:hello:9", 1, "kiln: 'hello' has no version 9; `kiln publish hello` publishes one\n"),
    ("debug arn:aws:lambda:eu-west-1:000000000000:function:hello", 1, "no function 'hello'; `kiln list --region eu-west-1`"),
    ("profile arn:aws:lambda:eu-west-1:000000000000:function:hello", 1, "no function 'hello'; `kiln list --region eu-west-1`"),
    ("simulate arn:aws:lambda:eu-west-1:000000000000:function:hello", 1, "no function 'hello'; `kiln list --region eu-west-1`"),
    ("url arn:aws:lambda:eu-west-1:000000000000:function:hello", 1, "no function 'hello'; `kiln list --region eu-west-1`"),
    ("scale arn:aws:lambda:eu-west-1:000000000000:function:hello:live", 1, "no function 'hello'; `kiln list --region eu-west-1`"),
    ("provision arn:aws:lambda:eu-west-1:000000000000:function:hello:live", 1, "no function 'hello'; `kiln list --region eu-west-1`"),
    ("ps arn:aws:lambda:eu-west-1:000000000000:function:hello", 1, "no function 'hello'; `kiln list --region eu-west-1`"),
    ("load arn:aws:lambda:eu-west-1:000000000000:function:hello", 1, "no function 'hello'; `kiln list --region eu-west-1`"),
    ("tune arn:aws:lambda:eu-west-1:000000000000:function:hello", 1, "no function 'hello'; `kiln list --region eu-west-1`"),
    ("files arn:aws:lambda:eu-west-1:000000000000:function:hello", 1, "no environment and no function 'hello'; `kiln list --region eu-west-1`"),
    ("logs arn:aws:lambda:eu-west-1:000000000000:function:hello", 1, "no function 'hello'; `kiln list --region eu-west-1`"),
    ("advise arn:aws:lambda:eu-west-1:000000000000:function:hello", 1, "no function and no stack 'hello'; `kiln list --region eu-west-1`"),
    ("debug :1", 2, "':1' names no function; write NAME or NAME:ALIAS, as in hello:live, or an ARN such as arn:aws:lambda:"),
    ("profile :1", 2, "':1' names no function; write NAME or NAME:ALIAS, as in hello:live, or an ARN such as arn:aws:lambda:"),
    ("simulate :1", 2, "':1' names no function; write NAME or NAME:ALIAS, as in hello:live, or an ARN such as arn:aws:lambda:"),
    ("url :1", 2, "':1' names no function; write NAME or NAME:ALIAS, as in hello:live, or an ARN such as arn:aws:lambda:"),
    ("scale :1", 2, "':1' names no function; write NAME or NAME:ALIAS, as in hello:live, or an ARN such as arn:aws:lambda:"),
    ("provision :1", 2, "':1' names no function; write NAME or NAME:ALIAS, as in hello:live, or an ARN such as arn:aws:lambda:"),
    ("ps :1", 2, "':1' names no function; write NAME or NAME:ALIAS, as in hello:live, or an ARN such as arn:aws:lambda:"),
    ("load :1", 2, "':1' names no function; write NAME or NAME:ALIAS, as in hello:live, or an ARN such as arn:aws:lambda:"),
    ("tune :1", 2, "':1' names no function; write NAME or NAME:ALIAS, as in hello:live, or an ARN such as arn:aws:lambda:"),
    ("files :1", 2, "':1' names no function; write NAME or NAME:ALIAS, as in hello:live, or an ARN such as arn:aws:lambda:"),
    ("exec :1", 2, "':1' names no function; write NAME or NAME:ALIAS, as in hello:live, or an ARN such as arn:aws:lambda:"),
    ("invoke :1", 2, "':1' names no function; write NAME or NAME:ALIAS, as in hello:live, or an ARN such as arn:aws:lambda:"),
    ("logs :1", 2, "':1' names no function; write NAME or NAME:ALIAS, as in hello:live, or an ARN such as arn:aws:lambda:"),
    ("advise :1", 2, "':1' names no function; write NAME or NAME:ALIAS, as in hello:live, or an ARN such as arn:aws:lambda:"),
    ("alarm set x --metric Errors --above 1 --function :1", 2, "':1' names no function; write NAME or NAME:ALIAS, as in hello:live, or an ARN such as arn:aws:lambda:"),
    ("invoke hello:", 2, "'hello:' names no version or alias after its colon; write hello, or hello:ALIAS"),
    ("ps arn:aws:s3:::hello", 2, "'arn:aws:s3:::hello' names no function"),
    ("advise hello:live", 2, "'hello:live' is a version or an alias, and advice is for a whole function; `kiln advise hello` gives it"),
    ("url helo:1", 1, "no function 'helo'; did you mean hello?"),
    ("simulate hello:nope", 1, "'hello' has no alias 'nope'; `kiln alias list hello`"),
    ("simulate arn:aws:lambda:us-east-1:000000000000:function:hello arn:aws:lambda:eu-west-1:000000000000:function:hello", 2, "'hello' is of us-east-1 and 'hello' of eu-west-1; one Region's functions are simulated together"),
    ("publish arn:aws:lambda:eu-west-1:000000000000:function:hello", 1, "kiln: no function 'hello'; `kiln list --region eu-west-1` shows what is there\n"),
    ("alias list arn:aws:lambda:eu-west-1:000000000000:function:hello", 1, "kiln: no function 'hello'; `kiln list --region eu-west-1` shows what is there\n"),
    ("delete arn:aws:lambda:eu-west-1:000000000000:function:hello --yes", 1, "kiln: no function 'hello'; `kiln list --region eu-west-1` shows what is there\n"),
    ("url hello:1", 2, "'hello:1' is a version, and a URL belongs to a function or an alias; `kiln alias set hello live 1` makes an alias of it"),
    ("reserve hello:1 5", 2, "kiln: 'hello:1' is a version or an alias, and a reserve is for a whole function; write hello\n"),
    ("create hello:live hello", 2, "kiln: 'hello:live' is a version or an alias, and code and settings are those of a whole function; write hello\n"),
    ("create new hello --env AWS_REGION=x", 1, "Reserved keys used in this request: AWS_REGION; leave them out: Lambda sets them for each function\n"),
    ("publish hello:1", 2, "kiln: 'hello:1' is a version or an alias, and versions are made of a whole function; write hello\n"),
    ("alias list hello:9", 2, "kiln: 'hello:9' is a version or an alias, and aliases belong to a whole function; write hello\n"),
    ("alias set hello:1 live 1", 2, "kiln: 'hello:1' is a version or an alias, and aliases belong to a whole function; write hello\n"),
    ("alias delete hello:live live", 2, "kiln: 'hello:live' is a version or an alias, and aliases belong to a whole function; write hello\n"),
    ("load hello:nope --rate 1/s --for 1s", 1, "'nope'"),
    ("alarm set x --metric Errors --above 0 --function 'a b'", 2, "function name can't be 'a b'"),
    ("logs hello --since 1y", 2, "kiln: --since: '1y' is not a duration; write a number and a unit"),
    ("load hello --for ever", 2, "kiln: --for: 'ever' is not a duration"),
    ("simulate --rate 5/s --duration 5ms --for 1y", 2, "kiln: --for: '1y' is not a duration"),
    ("advise hello --since 1y", 2, "kiln: --since: '1y' is not a duration"),
    ("tune hello --below 1y", 2, "kiln: --below: '1y' is not a duration"),
    ("advise hello --only memmory", 2, "--only is 'memmory'; it must be memory, timeout"),
    ("deploy word.json", 2, "word.json:1:1: Template format error: unsupported structure: A template is a map of sections"),
    ("cost --diff bad.yaml bad.yaml --traffic word.json --limit much", 2, "--limit is 'much'; it must be USD a month, as in 5, or percent"),
    ("simulate --rate 20/s --duration 5ms --for 1m --provisioned 5 --sweep target=0.5..0.9", 2, "has no target tracking; --max N and --target PART give it one"),
    ("lint bad.yaml", 2, "bad.yaml:2:1: Template format error: YAML not well-formed. (line 2, column 1): "),
    ("create x hello --env 1X=v", 2, "'1X' can't be the name of a variable on Lambda: a name begins with a letter"),
    ("create x hello --env AWS_REGION=v", 1, "Reserved keys used in this request: AWS_REGION"),
    ("create x hello --env-file /nowhere", 2, "can't read '/nowhere'"),
    ("create x hello --env-file plain.txt", 2, "plain.txt:1: not a variable; write NAME=VALUE"),
    ("create x hello --layer nothing", 2, "--layer is 'nothing'; it must be NAME:VERSION, or the ARN of a layer's version; `kiln layer list`"),
    ("create x hello --layer nothing:one", 2, "--layer is 'nothing:one'; it must be NAME:VERSION"),
    ("create x hello --layer nothing:1", 1, "there is no version 1 of a layer 'nothing'; `kiln layer list` shows them"),
    ("layer list nothing", 1, "there is no layer 'nothing' in us-east-1; `kiln layer list` shows those that are there"),
    ("alarm history nothing", 1, "there is no alarm 'nothing' in us-east-1; `kiln alarm list` shows those that are there"),
    ("simulate week.json", 1, "a file goes behind --scenario, or --replay: `kiln simulate --scenario week.json`"),
    ("cost hello", 2, "without a path, `kiln cost` prices what ran on this Kiln"),
    ("create hello ./helo", 2, "there is no file or folder './helo'; did you mean ./hello?\n"),
    ("create hello helo", 2, "there is no file or folder 'helo'; did you mean hello?\n"),
    ("deploy ask.yaml", 2, "there is no file or folder 'ask.yaml'; did you mean asks.yaml?\n"),
    ("create x below", 2, "there is code in below/src/a: give that folder, or --runtime and --handler"),
    ("create x sam", 2, "`kiln deploy sam` makes the functions of its template.yaml"),
    ("create x hello --layer arn:aws:lambda:us-east-1:000000000000:layer:none:1", 1, "does not exist"),
    ("create x hello --role me", 2, "as in arn:aws:iam::000000000000:role/orders"),
    ("create x hello --region moon", 2, "a Region has a name such as us-east-1"),
    ("create x zip.zip --hot-reload", 2, "--hot-reload needs a folder"),
    ("invoke", 2, "kiln invoke needs NAME[:QUALIFIER]"),
    ("invoke ''", 2, "function is empty"),
    ("invoke nobody", 1, "no function 'nobody'; `kiln list` shows what is there"),
    ("invoke hello name=Ada", 2, "is not JSON; write it as `kiln invoke NAME '{\"name\": \"VALUE\"}'`"),
    ("invoke hello notjson", 2, "a string needs its quotes"),
    ("invoke hello -", 2, "standard input is empty; write the event as JSON"),
    ("invoke hello plain.txt", 2, "if the event is in the file 'plain.txt', write @plain.txt"),
    ("invoke hello file://no.json", 2, "if the event is in the file 'no.json', write @no.json"),
    ("invoke helo", 1, "no function 'helo'; did you mean hello? `kiln list` shows what is there"),
    ("invoke hello @/nowhere", 2, "can't read '/nowhere'"),
    ("invoke hello @hello", 2, "it is a folder"),
    ("invoke hello @word.json", 2, "kiln: 'word.json' is not JSON; a string needs its quotes, as in \"text\""),
    ("invoke hello --event nothing", 2, "`kiln event` lists them"),
    ("invoke hello --event s3 {}", 2, "can't go together; leave one out"),
    ("invoke hello --async --tail", 2, "--tail and --async can't go together"),
    ("invoke hello:nope", 1, "'hello' has no alias 'nope'"),
    ("invoke 'hello hello'", 2, NAME),
    ("invoke hello out.json", 2, "`kiln invoke NAME '{}' > out.json`"),
    ("invoke arn:aws:lambda:us-east-1:000000000000:function:helo", 1, "no function 'helo'; did you mean hello?"),
    ("invoke arn:aws:lambda:eu-west-1:000000000000:function:hello", 1, "no function 'hello'; `kiln list --region eu-west-1` shows what is there"),
    ("create x hello --runtime python4.0", 2, "runtime can't be 'python4.0'; did you mean python3."),
    ("create x hello --runtime nodejs14.x", 1, "the runtime nodejs14.x is no longer supported, as on AWS; use nodejs"),
    ("create hello x", 2, "there is no file or folder 'x'; the name comes first: `kiln create x hello`"),
    ("create ./hello", 2, "`kiln create hello ./hello` names it hello"),
    ("--endpoint http://127.0.0.1:1 list", 2, "--endpoint belongs behind the command: `kiln list --endpoint VALUE`"),
    ("deploy hello", 2, "for code without a template, `kiln create NAME hello` makes a function"),
    ("deploy hello/lambda_function.py", 2, "is code and no template; `kiln create NAME hello` makes a function of it"),
    ("simulate --replay hello", 2, "can't read 'hello': it is a folder; name a file in it"),
    ("cost --lines plain.tx", 2, "can't read 'plain.tx': No such file or directory; did you mean plain.txt?"),
    ("cost --lines nothere", 2, "No such file or directory in "),
    ("invoke hello @plain.tx", 2, "can't read 'plain.tx': No such file or directory; did you mean plain.txt?"),
    ("simulate --replay no.csv", 2, "can't read 'no.csv': No such file or directory"),
    ("simulate hello --rate 5/s", 1, "nothing called hello within 1d; look further back (--since), or give --duration, too"),
    ("invoke hello {} extra", 2, "has no place for 'extra'"),
    ("list extra", 2, "has no place for 'extra'"),
    ("list --regoin us-east-1", 2, "did you mean --region?"),
    ("list --endpoint nonsense", 2, "is not a URL; write it as http://127.0.0.1:4566"),
    ("list --endpoint ftp://x", 2, "is not a URL"),
    ("list --endpoint http://127.0.0.1:99999", 2, "is not a URL"),
    ("list --endpoint http://nowhere.invalid", 3, "nothing answers at http://nowhere.invalid; --endpoint or KILN_ENDPOINT says where Kiln is"),
    ("list --endpoint http://127.0.0.1:9", 3, "nothing answers at http://127.0.0.1:9; start it with `kiln serve --port 9`, or say with --endpoint or KILN_ENDPOINT where Kiln is"),
    ("logs nobody", 1, "no function 'nobody'"),
    ("logs hello --since yesterday", 2, "write a number and a unit"),
    ("logs hello -n -1", 2, "from 0 to 1000000"),
    ("top --interval never", 2, "write a number and a unit"),
    ("files nobody", 1, "no environment and no function 'nobody'; `kiln list` shows what is there, and `kiln ps`"),
    ("exec nobody", 1, "no environment and no function 'nobody'"),
    ("debug nobody", 1, "no function 'nobody'"),
    ("debug hello:nope", 1, "'hello' has no alias 'nope'; `kiln alias list hello`"),
    ("debug hello --port 99999", 2, "from 0 to 65535"),
    ("debug hello --program /nowhere", 2, "there is no file '/nowhere'; --program"),
    ("debug hello --source /nowhere", 2, "there is no folder '/nowhere'; --source"),
    ("debug hello --stop --wait", 2, "can't go together"),
    ("profile hello --output /nowhere/x.svg", 2, "choose another place with --output"),
    ("delete nobody --yes", 1, "no function 'nobody'"),
    ("delete 'a b' --yes", 2, NAME),
    ("publish nobody", 1, "no function 'nobody'"),
    ("alias list nobody", 1, "no function 'nobody'"),
    ("alias set hello live 99", 1, "'hello' has no version 99; `kiln publish hello` publishes one"),
    ("alias set hello 1 1", 2, "an alias has letters, digits, '-' and '_', and isn't a number"),
    ("alias set hello live 1 --route x", 2, "VERSION=WEIGHT with a weight from 0 to 1"),
    ("alias delete hello nope", 1, "'hello' has no alias 'nope'"),
    ("alias delete nobody nope", 1, "no function 'nobody'"),
    ("reserve nobody 1", 1, "no function 'nobody'"),
    ("reserve hello many", 2, "it must be a whole number from 0 to 1000000, or none"),
    ("reserve hello 5000", 1, "below its minimum value of [100]"),
    ("provision hello 2", 2, "Write NAME:ALIAS, as in hello:live"),
    ("provision hello:nope 2", 1, "'hello' has no alias 'nope'"),
    ("provision nobody:live 1", 1, "no function 'nobody'"),
    ("provision hello:live many", 2, "from 0 to 1000000"),
    ("scale hello", 2, "Write NAME:ALIAS"),
    ("scale hello:live --min 5 --max 2", 2, "--min 5 is more than --max 2"),
    ("scale hello:live --target 5", 2, "a fraction from 0.1 to 0.9"),
    ("scale hello:live --min 1", 2, "give --min and --max together"),
    ("scale hello:live --target 0.7", 1, "`kiln scale hello:live --min 1 --max 10 --target 0.7` does it"),
    ("scale hello:live --off", 1, "'hello:live' is not scaled"),
    ("scale hello:nope --min 1 --max 2", 1, "'hello' has no alias 'nope'"),
    ("alarm set x", 2, "give --above N or --below N"),
    ("alarm set '' --above 1", 2, "name is empty"),
    ("alarm set x --above nan", 2, "it must be a number"),
    ("alarm set x --above 1 --statistic Total", 2, "or a percentile such as p99"),
    ("alarm set x --above 1 --period 7s", 2, "10s, 20s, 30s, or a number of minutes"),
    ("alarm set x --above 1 --periods 0", 2, "from 1 to 1440"),
    ("alarm set x --above 1 --datapoints 5", 2, "--datapoints 5 is more than --periods 1"),
    ("alarm set x --above 1 --missing maybe", 2, "missing, ignore, breaching, or notBreaching"),
    ("alarm set x --above 1 --action ops", 2, "it must be an ARN"),
    ("alarm state nobody ALARM", 1, "there is no alarm 'nobody' in us-east-1; `kiln alarm list`"),
    ("alarm state x BROKEN", 2, "OK, ALARM, or INSUFFICIENT_DATA"),
    ("alarm delete nobody", 1, "there is no alarm 'nobody'"),
    ("url nobody", 1, "no function 'nobody'"),
    ("url hello:nope", 1, "'hello' has no alias 'nope'"),
    ("url hello --delete", 1, "'hello' has no URL to delete; `kiln url hello` makes one"),
    ("layer publish 'l l' hello", 2, "layer name can't be 'l l'"),
    ("layer publish l hello --runtime cobol", 2, "runtime can't be 'cobol'; it is one of"),
    ("layer delete nobody 1 --yes", 1, "there is no version 1 of a layer 'nobody'; `kiln layer list`"),
    ("layer delete l x", 2, "from 1 to"),
    ("event nothing", 2, "`kiln event` lists them"),
    ("deploy /nowhere", 2, "there is no file or folder '/nowhere'"),
    ("deploy bad.yaml --yes", 2, "bad.yaml:2:1: Template format error: YAML not well-formed"),
    ("deploy plain.txt --yes", 2, "A template is a map of sections"),
    ("deploy empty", 2, "neither a template.yaml, template.yml, or template.json nor a cdk.out, which `cdk synth` writes"),
    ("deploy tab.yaml --yes", 2, "tab.yaml:2:3: Template format error: YAML not well-formed. (line 2, column 3): a tab indents this line"),
    ("deploy export.yaml --yes", 1, "export.yaml:1:66: No export named vpc found; deploy the stack that exports it first"),
    ("stacks nobody", 1, "there is no stack 'nobody' in us-east-1; `kiln stacks`"),
    ("exec hello -- ls", 1, "no environment of 'hello' runs now; `kiln invoke hello` starts one"),
    ("ps nobody", 1, "no function 'nobody'; `kiln list`"),
    ("destroy hello --yes", 1, "kiln: 'hello' is a function and no stack; `kiln delete hello` deletes it\n"),
    ("stacks hello", 1, "kiln: 'hello' is a function and no stack; `kiln logs hello` shows its logs\n"),
    ("delete hello:live --yes", 2, "kiln: 'hello:live' is an alias; `kiln alias delete hello live` deletes it\n"),
    ("delete hello:9 --yes", 1, "kiln: 'hello' has no version 9; `kiln publish hello` publishes one\n"),
    ("advise ./hello", 2, "kiln: './hello' is a path, and advice is for a function or a stack that runs; `kiln list` and `kiln stacks` show those that are there, and `kiln lint PATH` reads a template\n"),
    ("destroy nobody --yes", 1, "there is no stack 'nobody' in us-east-1; `kiln stacks`"),
    ("lint /nowhere", 2, "there is no file or folder '/nowhere'; give a template, a cdk.out, or a folder with one\n"),
    ("lint bad.yaml --format xml", 2, "it must be text or sarif"),
    ("tune nobody", 1, "no function 'nobody'"),
    ("tune hello --sizes 1", 2, "it must be whole megabytes from 128 to 10240, as in 512 or 1GB"),
    ("cost --lines /nowhere", 2, "can't read '/nowhere'"),
    ("cost --diff bad.yaml", 2, "--diff needs more values: OLD NEW"),
    ("load hello --html /nowhere/x.html", 2, "can't write '/nowhere/x.html': No such file or directory; choose another place with --html"),
    ("load hello --save empty", 2, "can't write 'empty': Is a directory; choose another place with --save"),
    ("load hello --payload {} --payloads word.json", 2, "--payload and --payloads can't go together; leave one out"),
    ("load hello --rate 1/s --replay word.json", 2, "--rate and --replay can't go together; leave one out"),
    ("tune hello --html /nowhere/x.html", 2, "choose another place with --html"),
    ("advise hello --html /nowhere/x.html", 2, "choose another place with --html"),
    ("simulate --rate 5/s --duration 50ms --for 1h --html /nowhere/x.html", 2, "choose another place with --html"),
    ("cost bad.yaml", 2, "--traffic FILE"),
    ("cost hello.yaml", 2, "there is no file or folder 'hello.yaml'; without it, `kiln cost` prices what ran"),
    ("deploy asks.yaml --plan", 1, "Parameters: [Stage] must have values; give each with --parameter NAME=VALUE"),
    ("deploy serverless.yml", 2, "is for the Serverless Framework, and Kiln doesn't read it"),
    ("create hello 'two words'", 1, "`kiln create hello 'two words' --update` replaces its code"),
    ("invoke hello --event plain.txt", 2, "to send the file 'plain.txt', write `kiln invoke hello @plain.txt`"),
    ("invoke hello --event no.json", 2, "write `kiln invoke hello @no.json`"),
    ("delete hello --force", 2, "--yes leaves the question out"),
    ("load hello --rate 5", 2, "a rate has a unit: 5/s or 5/m"),
    ("load", 2, "name a function, or a --url"),
    ("load hello --rate many", 2, "write 50/s, 3000/m"),
    ("load hello --rate 1/s --connections 0", 2, "from 1 to 50000"),
    ("simulate", 2, "say what to simulate"),
    ("simulate --rate 5/s", 2, "how long does it take?"),
    ("simulate --scenario bad.json", 2, "'bad.json': line 2, column 1"),
    ("advise nobody", 1, "`kiln list` and `kiln stacks` show what is there"),
    ("env --form xml", 2, "it must be sh, fish, dotenv, or json"),
    ("completion tcsh", 2, "there is one for bash, zsh, and fish"),
    ("new 'bad name'", 2, "at most 64 letters, digits, '-' and '_'"),
    ("new hello", 1, "choose another name, or another place with --dir"),
    ("dev /nowhere", 2, "there is no file or folder '/nowhere'; give the one of your code\n"),
    ("dev helo", 2, "there is no file or folder 'helo'; did you mean hello?"),
    ("dev hello/lambda_function.py", 2, "is not a folder; give the one of your code: hello\n"),
    ("version extra", 2, "has no place for 'extra'"),
]
# What a person should not have to read.
RAW = re.compile(r"validation errors? detected|failed to satisfy|regular expression|not in range|not in \{|excludes|requires|std::|basic_|terminate called|ParseError|Exception:")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wrong")
    for name in ("hello", "empty", "two words"):
        (folder / name).mkdir()
    for name in ("hello", "two words"):
        (folder / name / "lambda_function.py").write_text(PYTHON)
    (folder / "serverless.yml").write_text("service: x\n")
    (folder / "asks.yaml").write_text("Parameters: {Stage: {Type: String}}\nResources: {T: {Type: AWS::SNS::Topic}}\n")
    (folder / "bad.yaml").write_text("not: [yaml\n")
    (folder / "tab.yaml").write_text("Resources:\n\tT: {Type: AWS::SNS::Topic}\n")
    (folder / "export.yaml").write_text("Resources: {T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !ImportValue vpc}}}\n")
    for name in ("below/src/a", "sam/src"):
        (folder / name).mkdir(parents=True)
        (folder / name / "app.py").write_text(PYTHON)
    (folder / "sam" / "template.yaml").write_text("Resources: {T: {Type: AWS::SNS::Topic}}\n")
    (folder / "bad.json").write_text("{\n")
    (folder / "plain.txt").write_text("hi\n")
    (folder / "word.json").write_text("hello\n")
    (folder / "flags.toml").write_text("[serve]\nhere\n")
    (folder / "zip.zip").write_bytes(b"PK\5\6" + bytes(18))
    engine = Kiln()
    for words in (["create", "hello", str(folder / "hello")], ["publish", "hello"], ["alias", "set", "hello", "live", "1"]):
        engine.cli(*words)
    before = settings(engine)
    yield folder, engine
    assert settings(engine) == before, "nothing has changed"
    engine.stop()


def settings(engine):
    return [engine.cli(*words, "--json").stdout for words in (["list"], ["alias", "list", "hello"], ["alarm", "list"], ["layer", "list"], ["reserve", "hello"])]


def test_there_are_a_hundred_of_them():
    assert len(CASES) >= 100 and len({command for command, _, _ in CASES}) == len(CASES)


@pytest.mark.parametrize("command, code, says", CASES, ids=[command for command, _, _ in CASES])
def test_a_wrong_command_line_is_answered_with_a_sentence(place, command, code, says):
    folder, engine = place
    done = subprocess.run([str(BINARY), *shlex.split(command)], cwd=folder, env={**engine.environment(), "HOME": str(folder)}, capture_output=True, text=True,
                          timeout=60, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout) == (code, ""), done
    assert says in done.stderr and done.stderr.startswith("kiln: "), done.stderr
    assert "=secret" not in done.stderr, "a value may be secret"
    assert not RAW.search(done.stderr), done.stderr
    assert os.listdir(folder / "empty") == []


def test_an_alarm_whose_action_is_not_there_is_set_with_a_warning(own_kiln, tmp_path):
    engine = own_kiln()

    def said(action):
        done = engine.cli("alarm", "set", "errors", "--above", "0", "--action", f"arn:aws:{action}")
        assert done.stdout.startswith("set errors")
        return done.stderr

    topic, function = "sns:us-east-1:000000000000:ops", "lambda:us-east-1:000000000000:function:page"
    assert said(topic) == "kiln: warning: there is no topic 'ops' yet; `kiln aws sns create-topic --name ops` makes it\n"
    assert said(function) == f"kiln: warning: there is no function arn:aws:{function} yet; `kiln create` makes one\n"
    engine.client("sns").create_topic(Name="ops")
    (tmp_path / "lambda_function.py").write_text(PYTHON)
    engine.cli("create", "page", str(tmp_path))
    assert said(topic) == said(function) == ""
    elsewhere = engine.cli("alarm", "set", "errors", "--above", "0", "--action", "arn:aws:sns:eu-west-1:000000000000:ops", check=False)
    assert (elsewhere.returncode, elsewhere.stderr) == (1, "kiln: Invalid region eu-west-1 specified. Only us-east-1 is supported.\n")


@pytest.mark.parametrize("command, says", [
    ("alarm set typo --metric Erors --above 1", "AWS/Lambda has no metric 'Erors'; did you mean Errors? Known are Errors, Throttles, "),
    ("alarm set other --metric Colour --above 1", "AWS/Lambda has no metric 'Colour'; known are Errors, "),
    ("alarm set early --function later --above 1", "there is no function 'later' yet; the alarm has no data until it runs"),
    ("alarm set live --function hello:nope --above 1", "there is no function 'hello:nope' yet"),
])
def test_an_alarm_that_will_never_have_data_is_set_with_a_warning(own_kiln, tmp_path, command, says):
    engine = own_kiln()
    done = engine.cli(*shlex.split(command))
    assert done.stdout.startswith("set ") and f"kiln: warning: {says}" in done.stderr
    known = engine.cli("alarm", "set", "good", "--metric", "Duration", "--statistic", "p99", "--above", "100")
    assert known.stderr == ""
    (alarm,) = engine.client("cloudwatch").describe_alarms(AlarmNames=["good"])["MetricAlarms"]
    assert alarm["ExtendedStatistic"] == "p99" and "Statistic" not in alarm
