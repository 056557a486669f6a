"""Words of programs and their documentation, and how often one letter follows another in them.

Counted for keylint over the Python files and manuals of an ordinary Linux system: the words by the number of
files that hold them, the pairs of letters by the square root of their words' counts.
"""

from __future__ import annotations

# Row and column are letters in order. 6: as often as by chance; one more is twice as often, one less half.
_PAIRS = """
47874573726989271989665563
74447331651733640664710252
83648428627743942658633241
74469433822534742564632240
85897764534879576998465853
62346622800623730655601140
52438246600546530664521033
82138011702443720546501040
77877771224879862788370516
40115100302001410050400000
52237233611423420253403020
84469532933843840376642271
86348221713563771264521140
84888694735546752489653152
56774663535789671977767433
82448335603733761867622160
10000000000200000231601000
84669563815676851787653160
63749447815654774489734261
84659538913654860877734373
66656551612768460778120312
71318120600231410232000010
61236115601315510542102000
42525302500231260146100320
42324230400445460455213012
40006101400210300110000012
"""
PAIRS = tuple(_PAIRS.split())

# The most common words of 4 to 12 letters.
_WORDS = """
able abort aborted about above absolute abspath abstract accept acceptable accepted accepts access accessed
accessible accessing accesskey according accordingly account acquire across action actions active actual
actually adam adapted added adding addition additional additionally addr address addresses adds adjust
advanced advantage advertising affect affected affects after again against agent agreed agreement ahead
algorithm alias aliases align alignment alive allocate allocated allocation allow allowed allowing allows
almost alone along alpha alphabetic already also alter altered alternate alternative alternatives although
always among amount analyse analysis analyze anchor andreas andrew annotated annotation annotations
anonymous another answer anymore anyone anything anyway anywhere apache appear appears append appended
appending apple applicable application applications applied applies apply applying approach appropriate
arbitrary arch architecture archive archives area aren argparse args argument arguments argv arising around
array arrays arrow artistic ascii asked assert assertion assign assigned assignment associated assume
assumed assumes assuming async asynchronous atomic attach attached attempt attempted attempting attempts
attr attribute attributes attrs auth author authors auto automatic available avoid avoids await aware away
back backend backends background backslash backward backwards bare base based basename bases bash basic
basically basis because become becomes been before begin beginning begins behave behaves behavior behaviour
behind being below benefit best beta better between beyond bgcolor binaries binary bind binding bindings
binmode bits black blank bless blob block blocking blocks blue body bold book bool boolean bootstrap border
boston both bother bottom bound boundary bounds brackets branch branches break breaking breaks broken
browser buffer buffered buffers bugs build builder building builds built builtin builtins bundle button
bygroups byte bytearray bytes cache cached caches caching calculate california call callable callback
callbacks called caller callers calling calls cancel candidate candidates cannot canonical canonicalize
capture care careful carefully carp carry case cases cast catch category catfile caught cause caused causes
causing ceil cell cellpadding cellspacing center cert certain certificate chad chain change changed
changelog changes changing channel char character characters charge chars charset chdir check checked
checker checking checkout checks child children chmod choice choices chomp choose chosen chris christian
chunk chunks circular claim class classes classmethod clause clean cleaned cleanup clear cleared clearly
client clients clock clone close closed closes closing code codec codecs codes coding collapse collect
collected collection collections colon color colors column columns combination combine combined combining
come comes comma command commands comment comments commercial commit commits common comp compact company
compare compared comparing comparison comparisons compat compatible compilation compile compiled compiler
compilers compiling complain complete completed completely completion complex compliance compliant component
components compress compressed compression compute computed computer computing concrete concurrent condition
conditional conditions conf config configure configured conflict conflicts confused confusing connect
connected connection connections consider considered consistency consistent consists console consortium
const constant constants constraint constraints construct constructed construction constructor constructors
constructs consume contact contain contained container containing contains content contents context
contextlib contexts continuation continue continues contrib contribute contributed contributor contributors
control controlled controls convenience convenient convention conversion convert converted converting
converts copied copies copy copying copyright core corporation correct corrected correctly corresponds cost
could couldn count counter counts course cover coverage covered cpan cpython crash create created creates
creating creation critical croak cross crypto curdir current currently cursor custom customize cycle cygwin
daemon damages daniel dark darwin dash data database dataclass dataclasses date datetime david days deal
dealing dealings debian debug debugger debugging decide decimal decl declaration declarations declare
declared decode decoded decoder decoding decoration decorator dedicated deep default defaults defer define
defined defines defining definition definitions defs delay delete deleted delimited delimiter delta depend
dependencies dependency dependent depending depends deprecated deprecation deps depth derivative derived
desc describe described describes describing description descriptor descriptors design designed desired dest
destination destroy detail detailed details detect detected detection determine determined determines
developed developer developers development device diagnostic diagnostics dict dictionary dicts didn diff
differ difference differences different differently differs digest digit digits direct direction directive
directives directly directories directory dirname dirs disable disabled disables discard discarded
disclaimer discussion disk dispatch display displayed dist distinct distinguish distribute distributed
distribution distutils docs docstring document documented documents does doesn doing domain done dots dotted
double down download downloaded dpkg draw drive driver drop dropped dual dummy dump dumps duplicate
duplicated duplicates duration during dynamic dynamically each earlier early easier easily easy echo edge
edit editable editor effect effective effectively effects efficient effort either elem element elements elif
ellipsis else elsewhere elsif emacs email embed embedded emit emitted empty enable enabled enables enabling
encode encoded encoder encoding encodings encountered ended endif ending endorse ends endswith enforce
engine english enough ensure ensures enter entire entirely entities entity entries entry enum enumerate
environ environment environments equal equals equiv equivalent eric errno error errors escape escaped
escapes escaping especially eval evaluate evaluated even event events eventually ever every everything exact
exactly example examples except exception exceptions exclude excluded excluding exclusive exec executable
executables execute executed executing execution exist existence existing exists exit exiting exits exodist
expand expanded expansion expat expect expected expects expensive experimental explain explanation explicit
explicitly export exported exporter exports expose exposed expr express expression expressions extend
extended extends extension extensions extent extern external extra extract extracted extras fact factor
factory fail failed failing fails failure failures fake fall fallback false family fast faster fatal fcntl
feature features feed feel fetch field fields fifth figure file filehandle filename filenames fileno files
filesystem fill filled filter filtered filtering filters final finalize finally find finder finding finds
fine finish finished first fitness fixed fixes flag flags flat flatten float floating floor flow flush fold
folder follow followed following follows font fonts footer force foreach foreign forget fork form format
formats formatted formatter formatters formatting forms forward found foundation four fraction fragment
frame frames framework franklin free freedesktop freely from front frozen frozenset full fullname fully func
function functions functools furnished further future garbage general generally generate generated generates
generating generation generator generic getattr getcwd getenv getitem getopt getregentry gets gettext
getting getvalue github gitlab give given gives giving glibc glob global globals gmail gnome goes going good
google goto governing grammar grant granted grants granum graph greater green grep group groups guarantee
guaranteed guard guess guide gzip hack half hand handle handled handler handlers handles handling hans
happen happens hard hasattr hash hashes hasn have haven having head header headers heading heap height held
hello help helper helpers helpful helps hence here hereby hidden hide hierarchy high higher highlight
highlighting hint hints history hold holder holding holds home honor hook hooks hope host hostname hosts
hour however href html http https human icon idea ident identical identified identifier identifiers identify
identity ietf ignore ignored ignoring illegal image immediate immediately immutable impl implement
implemented implementing implements implicit implicitly implied implies import important imported importing
importlib imports impossible improve improved include included includes including inclusion incompatible
incomplete inconsistent incorrect incorrectly increase increment incremental indent indentation independent
index indexes indicate indicated indicates indicating indices indirect individual infer infinite infinity
info information inherit inherited inherits init initial initialize initialized inline inner input inputs
insensitive insert inserted inside inspect inst install installation installed installing installs instance
instances instantiate instead instruction instructions integer integers intel intended interactive
interesting interface interfaces intermediate internal internally internals internet interpol interpret
interpreted interpreter interrupt interval into intro introduced introduction invalid invariant inverse
invert invocation invoke invoked invoking isdir isfile isinstance issubclass issue issued issues italic item
items iter iterable iterate iteration iterator itertools itself james java javascript jean john join json
just keep keeping keeps kept kernel keyboard keys keyword keywords kill kind kinds know known knows kwargs
label labels lack lambda lang language languages large larger last late later latest latin latter layer
layout lazy lead leading leak least leave leaves leaving left legacy legal length less lesser lets letter
letters level levels lexer lexers lexical libc libraries library libs libxml libxslt license licensed
licenses licensing light like likely limit limitation limitations limited limits line lineno lines link
linked linker linking links linux list listdir listed listen listener listing lists literal literals little
live load loaded loader loading loads local locale locally locals locate located location locations lock
logger logging logic logical login long longer look looking looks lookup loop loose loss lost lower
lowercase lstrip machine machinery macro macros made magic mail mailing mailto main mainly maintain
maintained maintainer maintainers maintenance major make makefile maker makes making malformed malloc manage
managed management manager mandatory manner manual manually manuals many mapped mapping mappings maps margin
mark marked marker markers marks markup martin mask master match matched matches matching material materials
math matrix matter matthias maximum maxsize maybe mean meaning means meant measure mechanism media medium
member members memory mentioned menu merely merge merged merges message messages meta metaclass metadata
meth method methods michael micro microsoft middle might mike mimetypes minimal minimum minor minus minutes
mirror misc mismatch missing mistake mixed mixin mkdir mktables mode model models modern modes modification
modified modify modifying module modules month more most mostly move moved moving mozilla mtime much multi
multiline multiple must mutable mypy mypyc name named names namespace namespaces naming native navigation
necessarily necessary need needed needs negative neither nested network never newer newline newlines newly
next nice node nodejs nodes none noqa normal normalize normalized normally normpath notation note noted
notes nothing notice notices notify null number numbers numeric object objects obsolete obtain obtained
obtaining occur occurred occurs offer official offset offsets often older omit omitted once ones online only
onto opaque open opened opening openssl operate operating operation operations operator operators
optimization optimize optimized option optional optionally options opts order ordered ordering ordinary
organization orig origin original originally other others otherwise ourselves outer outfile output outputs
outside over overflow overhead overlap overload overloaded overridden override overrides overriding overview
overwrite overwritten owner pack package packages packaging packard packed padding page pages pair pairs
paragraph paragraphs parallel param parameter parameters params parent parentheses parents parse parsed
parser parsers parses parsing part partial particular particularly partition parts party pass passed passes
passing password past patch patches path pathlib pathname paths pattern patterns paul payload peek peer
pending people percent perf perform performance performed performs perhaps period perl permission
permissions permit permitted persistent person persons pertaining peter phase pick pieces pipe place placed
placeholder places plain plan platform platforms please plugin plugins plus point pointer pointers pointing
points policy pool popen port portable portion portions position positional positive posix possible possibly
post potential potentially power practice pragma precedence preceding precision predicate prefer preference
preferred prefix prefixed prefixes prepare prepared prepend preproc preprocessed presence present preserve
preserved pretty prev prevent prevents previous previously primarily primary primitive primitives print
printed printf printing prints prior priority private probably problem problems proc procedure process
processed processes processing processor produce produced produces product production products profile prog
program programming programs progress project projects promise promote prompt prop propagate proper properly
properties property protect protected protection proto protocol protocols prototype provide provided
provider provides providing proxy prune pseudo public publicity publish published pull punctuation pure
purpose purposes push pygments pypa pytest python qualified query question questions queue quick quiet quite
quote quoted quotes quoting race raise raised raises raising rand random range ranges rare rather reached
read readable reader reading readline readonly reads ready real really reason reasonable reasons rebase
receive received receives receiving recent recently recognized recommended record recorded records recurse
recursion recursive recursively redhat redirect redistribute reduce redundant refer reference referenced
references refers reflect refresh refs regarding regardless regents regex regexp register registered
registers registry regression regular reject rejected related relative release released releases relevant
rely remain remainder remaining remains remember remote removal remove removed removes removing rename
renamed render rendered repeat repeated repl replace replaced replacement replaces replacing repo report
reported reporting reports repositories repository repr represent represented representing represents
reproduce request requested requests require required requirement requirements requires requiring research
reserved reset resolution resolve resolved resolver resolves resolving resource resources respect respective
respectively response responsible rest restore restrict restricted restriction restrictions result resulting
results retain retained retrieve retrieved retry return returned returning returns reuse reused reverse
reversed revision rewrite rewritten rich richard right rights risk role roman root round routine routines
royalty rstrip rule rules runner running runs runtime safe safely said sale same sample sanity satisfy save
saved says scalar scale scan schema scheme scope screen script scripts sean search searching second seconds
section sections secure security seek seem seems seen segment select selected selection self sell semantic
semantics send sending sends sense sensitive sent sentinel separate separated separately separator
separators sequence sequences serial serialize series server servers service services session setattr
setdefault setitem sets setter setting settings setup setuptools several shall shallow share shared shell
shift short shortcut shorter should shouldn show showing shown shows shutdown shutil side sign signal
signals signature signatures signed significant silent silently similar similarly simon simple simpler
simplified simplify simply since single site situation situations size sizeof sizes skip skipped skipping
slash sleep slice slightly slot slots slow small smaller smart snapshot socket sockets soft software solaris
solution some someone something sometimes somewhat somewhere soon sort sorted sorting source sourceforge
sources space spaces span spawn spec special specific specifically specified specifier specifiers specifies
specify specifying speed splice split splitext splitlines sprintf sqrt square stability stable stack
stacklevel stale standard standards start started starting starts startswith startup stash stat state stated
statement statements states static staticmethod stats status stderr stdin stdio stdlib stdout step steps
steve still stop stopped stops storage store stored stores storing strategy stream streamreader streams
streamwriter street strict strictly string stringify strings strip stripped strong strongly struct structure
structures stub stuff style styles stylesheet subclass subclasses subdirectory subject sublicense submit
submodule submodules subprocess subroutine subs subsequent subset substantial substitute substr subtype
success successful successfully such sufficient suffix suitable suite summary super supplied supply support
supported supporting supports supposed suppress sure swap switch symbol symbolic symbols symlink symlinks
sync synopsis syntax sysconfig system systems table tables tabs tagged tags tail take taken takes taking
target targets task tasks team tell tells temp tempfile template templates temporarily temporary term
terminal terminate terminated terms test tested testing tests text textwrap than thanks that their them
theme themselves then there therefore thereof these they thing things think third this thomas those though
thread threading threads three threshold through throw thrown throws thus tied time timeout timer times
timestamp title todo together toggle token tokens told toml tool tools total touch trace traceback tracing
track tracker tracking traditional trailer trailing transfer transform transitional translate translated
translation transport treat treated tree trees tried tries trigger triggered trim trivial true truncate
truncated trust trying tuple tuples turn turned turns twice type typed types typical typically typing ubuntu
uint unable unavailable unchanged uncompressed undef undefined under underline underlying underscore
understand unexpected unicode unicore union unique unit unittest universal university unix unknown unless
unlike unlikely unlink unnecessary unpack unreachable unsafe unset unshift unsigned unsupported until unused
update updated updates updating upgrade upload upon upper upstream urllib urls usable usage used useful user
username users uses using usual usually util utilities utility utils valid validate validation validator
valign value values variable variables variant variants various vars vector vendor verbatim verbose
verbosity verification verify version versionadded versions very view viewport virtual virtualenv visible
visit visited visual vlink void wait waiting walk want wantarray wanted wants warn warning warnings warranty
wasn ways weak weakref weight welcome well were what whatever wheel when whenever where whether which while
white whitespace whole whom whose wide width wiki wikipedia wildcard will window windows wish with within
without word words work workaround worked worker working works world worth would wrap wrapped wrapper
wrappers wrapping wraps writable write writer writes writing written wrong wrote xmlns xslt yaml year yield
yields your yourself zero zipfile zlib
"""
WORDS = frozenset(_WORDS.split())
