using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using Foretoken.Quantities;
using Foretoken.Workloads.Traces.Input;
using static Foretoken.Workloads.Traces.BinaryFormat;

namespace Foretoken.Workloads.Traces.Readers;

/// <summary>Reads .ftrace files. Damage cannot be skipped: every record builds on the one before.</summary>
internal sealed class BinaryTraceReader : ITraceReader
{
    private readonly TraceInput _input;
    private readonly RowProblems _problems;
    private readonly ArrivalOrder _order;
    private readonly List<string> _sessions = [];
    private readonly List<string> _classes = [];
    private readonly Fields _allowed;
    private ulong _checksum = ChecksumStart;
    private int _summed;
    private long _records;
    private long _lastArrival;
    private ulong _lastFirstId;
    private int _block;
    private bool _ended;

    public BinaryTraceReader(TraceInput input)
    {
        _input = input;
        _problems = new(input.Name, 0);
        _order = new(_problems);
        var head = input.Window;
        if (head.Length < Magic.Length || !head.StartsWith(Magic[..7]))
        {
            throw new InputException(input.Name, "is not a Foretoken trace (.ftrace)");
        }

        if (head[7] is < OldestVersion or > CurrentVersion)
        {
            throw new InputException(input.Name, FormattableString.Invariant($"is a Foretoken trace of version {head[7]}; this program reads versions {OldestVersion} to {CurrentVersion}"));
        }

        _allowed = head[7] == OldestVersion ? Fields.All & ~Fields.Class : Fields.All;

        _summed = input.Start;
        input.Start += Magic.Length;
    }

    public TraceFormat Format => TraceFormat.ForetokenBinary;

    public IReadOnlyList<Problem> Skipped => [];

    public long SkippedRows => 0;

    public IReadOnlyList<string> Notes => [];

    public bool Read(TraceRecord record)
    {
        if (_ended)
        {
            return false;
        }

        record.Clear();
        var tag = Number();
        if (tag == 0)
        {
            _ended = true;
            Trailer();
            return false;
        }

        if (tag - 1 > (ulong)_allowed)
        {
            throw Damaged("unknown fields");
        }

        record.Line = ++_records;
        _problems.BeginRow();
        Fill(record, (Fields)(tag - 1));
        if (_problems.TooMany)
        {
            throw _problems.Failure();
        }

        return true;
    }

    public void Dispose() => _input.Dispose();

    private void Fill(TraceRecord record, Fields fields)
    {
        record.InputTokens = Length();
        record.OutputTokens = Length();
        long? arrival = null;
        if ((fields & Fields.Arrival) != 0)
        {
            arrival = _lastArrival = unchecked(_lastArrival + UnZigZag(Number()));
            if (arrival < 0)
            {
                throw Damaged("a time before the start");
            }
        }

        if ((fields & Fields.Delay) != 0)
        {
            var delay = Number();
            record.Delay = delay <= long.MaxValue ? new SimDuration((long)delay) : throw Damaged("a delay out of range");
        }

        if ((fields & Fields.Session) != 0)
        {
            record.SessionId = Session();
        }

        if ((fields & Fields.Priority) != 0)
        {
            var priority = UnZigZag(Number());
            record.Priority = priority is >= int.MinValue and <= int.MaxValue ? (int)priority : throw Damaged("a priority out of range");
        }

        if ((fields & Fields.RequestId) != 0)
        {
            record.RequestId = Encoding.UTF8.GetString(Name());
        }

        if ((fields & Fields.HashIds) != 0)
        {
            _block = (fields & Fields.BlockTokens) != 0 ? Length() : _block > 0 ? _block : throw Damaged("hash ids without a block size");
            record.HashBlockTokens = _block;
            record.KnownTokens = (fields & Fields.Known) != 0 ? Length() : record.InputTokens;
            if (record.KnownTokens > (long)record.InputTokens + record.OutputTokens)
            {
                throw Damaged("more known tokens than prompt and answer have");
            }

            HashIds(record);
        }

        if ((fields & Fields.Class) != 0)
        {
            record.Class = Class();
        }

        _order.Place(record, arrival, "arrival");
    }

    private void HashIds(TraceRecord record)
    {
        var count = (record.KnownTokens - 1) / _block + 1;
        var id = unchecked(_lastFirstId + (ulong)UnZigZag(Number()));
        _lastFirstId = id;
        record.HashIds.Add(id);
        for (var i = 1; i < count; i++)
        {
            id = unchecked(id + 1 + (ulong)UnZigZag(Number()));
            record.HashIds.Add(id);
        }
    }

    private string Session()
    {
        var number = Number();
        if (number > (ulong)_sessions.Count)
        {
            throw Damaged("an unknown session");
        }

        if (number == (ulong)_sessions.Count)
        {
            _sessions.Add(_order.Name(Name()));
        }

        return _sessions[(int)number];
    }

    private string Class()
    {
        var number = Number();
        if (number > (ulong)_classes.Count)
        {
            throw Damaged("an unknown class");
        }

        if (number == (ulong)_classes.Count)
        {
            _classes.Add(Encoding.UTF8.GetString(Name()));
        }

        return _classes[(int)number];
    }

    private ReadOnlySpan<byte> Name()
    {
        var length = Number();
        if (length > LongestName)
        {
            throw Damaged("a name that is too long");
        }

        Need((int)length);
        var name = _input.Window[..(int)length];
        _input.Start += (int)length;
        return Utf8.IsValid(name) ? name : throw Damaged("a name that is not UTF-8");
    }

    private int Length()
    {
        var value = Number();
        return value is >= 1 and <= int.MaxValue ? (int)value : throw Damaged("a length out of range");
    }

    private ulong Number()
    {
        // Ten bytes at most; near the window's end the slow way makes sure that they are there.
        if (_input.End - _input.Start < 10)
        {
            Sum();
            _input.FillTo(10);
            _summed = _input.Start;
        }

        var bytes = _input.Window;
        ulong value = 0;
        for (var i = 0; i < bytes.Length && i < 10; i++)
        {
            var b = bytes[i];
            if (i == 9 && b > 1)
            {
                break;
            }

            value |= (ulong)(b & 0x7F) << (7 * i);
            if (b < 0x80)
            {
                _input.Start += i + 1;
                return value;
            }
        }

        throw bytes.Length < 10 ? CutOff() : Damaged("a number out of range");
    }

    private void Need(int bytes)
    {
        if (_input.End - _input.Start >= bytes)
        {
            return;
        }

        Sum();
        _input.FillTo(bytes);
        _summed = _input.Start;
        if (_input.End - _input.Start < bytes)
        {
            throw CutOff();
        }
    }

    /// <summary>Takes the bytes read so far into the checksum, before the window moves.</summary>
    private void Sum()
    {
        _checksum = Checksum(_checksum, _input.Buffer[_summed.._input.Start]);
        _summed = _input.Start;
    }

    private void Trailer()
    {
        Need(16);
        var count = BinaryPrimitives.ReadUInt64LittleEndian(_input.Window);
        _input.Start += 8;
        Sum();
        var checksum = BinaryPrimitives.ReadUInt64LittleEndian(_input.Window);
        _input.Start += 8;
        _summed = _input.Start;
        if (count != (ulong)_records || checksum != _checksum)
        {
            throw Damaged(count != (ulong)_records ? "the record count differs" : "the checksum differs");
        }

        _input.FillTo(1);
        if (!_input.Window.IsEmpty)
        {
            throw new InputException(_input.Name, "stray bytes follow the trace's end");
        }

        if (_records == 0)
        {
            throw new InputException(_input.Name, "holds no usable request", "a trace needs at least one");
        }
    }

    private InputException CutOff() => new(
        FormattableString.Invariant($"{_input.Name}: record {_records + 1}"), "the file is cut off", "copy or convert it again");

    private InputException Damaged(string what) => new(
        FormattableString.Invariant($"{_input.Name}: record {_records}"), $"the file is damaged ({what})", "copy or convert it again");
}
