using System.Buffers;
using System.Globalization;
using Foretoken.Quantities;

namespace Foretoken.Workloads.Traces.Writers;

/// <summary>What all writers share: buffered output and the list of what got lost.</summary>
internal abstract class TraceWriter(AtomicOutput output, string name, TraceFormat format) : ITraceWriter
{
    private const int FlushBytes = 64 << 10;
    private readonly SortedDictionary<string, long> _losses = new(StringComparer.Ordinal);

    public TraceFormat Format => format;

    public IReadOnlyList<string> Losses =>
        [.. _losses.Select(l => string.Create(CultureInfo.InvariantCulture, $"{l.Key} ({l.Value} row{(l.Value == 1 ? "" : "s")})"))];

    public long Rows { get; private set; }

    /// <summary>The file as the user named it.</summary>
    protected string Target => name;

    /// <summary>Bytes on their way to the file.</summary>
    protected ArrayBufferWriter<byte> Bytes { get; } = new(FlushBytes * 2);

    public void Write(TraceRecord record)
    {
        WriteRow(record);
        Rows++;
        FlushAbove(FlushBytes);
    }

    public void Complete()
    {
        if (Rows == 0)
        {
            throw new InputException(name, "nothing to write", "a trace needs at least one request");
        }

        WriteEnd();
        FlushAbove(0);
        output.Complete();
    }

    public void Dispose() => output.Dispose();

    /// <summary>Writes one row to <see cref="Bytes"/>.</summary>
    protected abstract void WriteRow(TraceRecord record);

    /// <summary>Writes what follows the last row.</summary>
    protected virtual void WriteEnd()
    {
    }

    /// <summary>Called with all bytes before they go to the file, in order.</summary>
    protected virtual void Leaving(ReadOnlySpan<byte> bytes)
    {
    }

    /// <summary>Notes that a row had something which the format cannot say.</summary>
    protected void Lose(bool has, string what)
    {
        if (has)
        {
            _losses[what] = _losses.GetValueOrDefault(what) + 1;
        }
    }

    /// <summary>The row's arrival, for formats that need one in every row.</summary>
    protected SimTime Arrival(TraceRecord record) => record.Arrival ?? throw new InputException(
        FormattableString.Invariant($"{name}: row {Rows + 1}"),
        record.SessionId is null ? "has no arrival time, which this format needs" : "is a session turn with a delay and no arrival time, which this format needs",
        "mooncake, sharegpt and ftrace can hold it");

    /// <summary>Sends buffered bytes to the file when there are more than <paramref name="bytes"/>.</summary>
    protected void FlushAbove(int bytes)
    {
        if (Bytes.WrittenCount > bytes)
        {
            Leaving(Bytes.WrittenSpan);
            output.Write(Bytes.WrittenSpan);
            Bytes.ResetWrittenCount();
        }
    }

    /// <summary>Appends text.</summary>
    protected void Text(string text)
    {
        var span = Bytes.GetSpan(System.Text.Encoding.UTF8.GetMaxByteCount(text.Length));
        Bytes.Advance(System.Text.Encoding.UTF8.GetBytes(text, span));
    }

    /// <summary>Nanoseconds as a decimal number of a larger unit, with all digits that matter.</summary>
    protected static string Decimal(long nanoseconds, long unitNanoseconds) =>
        ((decimal)nanoseconds / unitNanoseconds).ToString("0.#########", CultureInfo.InvariantCulture);
}
