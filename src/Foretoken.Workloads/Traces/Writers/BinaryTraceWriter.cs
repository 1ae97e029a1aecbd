using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Foretoken.Quantities;
using static Foretoken.Workloads.Traces.BinaryFormat;

namespace Foretoken.Workloads.Traces.Writers;

/// <summary>Writes .ftrace files, which hold everything that a <see cref="TraceRecord"/> has.</summary>
internal sealed class BinaryTraceWriter : TraceWriter
{
    private readonly Dictionary<string, int> _sessions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _classes = new(StringComparer.Ordinal);
    private ulong _checksum = ChecksumStart;
    private long _lastArrival;
    private ulong _lastFirstId;
    private int _block;

    public BinaryTraceWriter(AtomicOutput output, string name)
        : base(output, name, TraceFormat.ForetokenBinary) => Bytes.Write(Magic);

    protected override void Leaving(ReadOnlySpan<byte> bytes) => _checksum = Checksum(_checksum, bytes);

    protected override void WriteRow(TraceRecord record)
    {
        var fields = FieldsOf(record);
        Number((ulong)fields + 1);
        Number((ulong)record.InputTokens);
        Number((ulong)record.OutputTokens);
        if (record.Arrival is { } arrival)
        {
            Number(ZigZag(arrival.Nanoseconds - _lastArrival));
            _lastArrival = arrival.Nanoseconds;
        }

        if (record.Delay is { } delay)
        {
            Number((ulong)delay.Nanoseconds);
        }

        if (record.SessionId is { } session)
        {
            Numbered(session, _sessions);
        }

        if ((fields & Fields.Priority) != 0)
        {
            Number(ZigZag(record.Priority));
        }

        if (record.RequestId is { } request)
        {
            Name(request);
        }

        if ((fields & Fields.HashIds) != 0)
        {
            HashIds(record, fields);
        }

        if (record.Class is { } kind)
        {
            Numbered(kind, _classes);
        }
    }

    protected override void WriteEnd()
    {
        Number(0);
        BinaryPrimitives.WriteUInt64LittleEndian(Bytes.GetSpan(8), (ulong)Rows);
        Bytes.Advance(8);
        FlushAbove(0);
        BinaryPrimitives.WriteUInt64LittleEndian(Bytes.GetSpan(8), _checksum);
        Bytes.Advance(8);
    }

    private Fields FieldsOf(TraceRecord record) =>
        (record.Arrival is null ? 0 : Fields.Arrival)
        | (record.Delay is null ? 0 : Fields.Delay)
        | (record.SessionId is null ? 0 : Fields.Session)
        | (record.Priority == 0 ? 0 : Fields.Priority)
        | (record.RequestId is null ? 0 : Fields.RequestId)
        | (record.Class is null ? 0 : Fields.Class)
        | (record.HashIds.Count == 0
            ? 0
            : Fields.HashIds
                | (record.KnownTokens == record.InputTokens ? 0 : Fields.Known)
                | (record.HashBlockTokens == _block ? 0 : Fields.BlockTokens));

    private void HashIds(TraceRecord record, Fields fields)
    {
        if ((fields & Fields.BlockTokens) != 0)
        {
            _block = record.HashBlockTokens;
            Number((ulong)_block);
        }

        if ((fields & Fields.Known) != 0)
        {
            Number((ulong)record.KnownTokens);
        }

        // Differences wrap around: hashes use all 64 bits.
        unchecked
        {
            var last = record.HashIds[0];
            Number(ZigZag((long)(last - _lastFirstId)));
            _lastFirstId = last;
            for (var i = 1; i < record.HashIds.Count; i++)
            {
                Number(ZigZag((long)(record.HashIds[i] - last - 1)));
                last = record.HashIds[i];
            }
        }
    }

    // Names are numbered from 0 in order of appearance; a new number is followed by its name.
    private void Numbered(string name, Dictionary<string, int> numbers)
    {
        var known = numbers.TryGetValue(name, out var number);
        Number((ulong)(known ? number : numbers.Count));
        if (!known)
        {
            numbers.Add(name, numbers.Count);
            Name(name);
        }
    }

    private void Name(string name)
    {
        var length = Encoding.UTF8.GetByteCount(name);
        if (length > LongestName)
        {
            throw new InputException(FormattableString.Invariant($"{Target}: row {Rows + 1}"), "has a session, request or class name of more than 1 MiB");
        }

        Number((ulong)length);
        Bytes.Advance(Encoding.UTF8.GetBytes(name, Bytes.GetSpan(Math.Max(length, 1))));
    }

    private void Number(ulong value)
    {
        var span = Bytes.GetSpan(10);
        var count = 0;
        while (value >= 0x80)
        {
            span[count++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[count++] = (byte)value;
        Bytes.Advance(count);
    }
}
