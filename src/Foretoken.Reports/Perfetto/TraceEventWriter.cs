using System.Buffers;
using System.Text.Json;

namespace Foretoken.Reports.Perfetto;

/// <summary>Takes the next bytes of a file.</summary>
public delegate void ChunkWriter(ReadOnlySpan<byte> bytes);

/// <summary>
/// Writes Chrome trace events (JSON object format), one a line, in pieces as they come. Times are microseconds with three
/// decimals: nanoseconds exactly.
/// </summary>
internal sealed class TraceEventWriter : IDisposable
{
    private const int ChunkBytes = 1 << 16;
    private readonly ChunkWriter _write;
    private readonly ArrayBufferWriter<byte> _buffer = new(ChunkBytes * 2);
    private readonly Utf8JsonWriter _json;

    public TraceEventWriter(ChunkWriter write)
    {
        _write = write;
        _json = new Utf8JsonWriter(_buffer);
        _buffer.Write("{\"displayTimeUnit\":\"ms\",\"traceEvents\":["u8);
    }

    /// <summary>Events begun.</summary>
    public int Count { get; private set; }

    /// <summary>Begins an event; its arguments may follow through the result, then <see cref="Close"/>.</summary>
    /// <param name="phase">The event's type in the format: X, b, e, n, C, s, f, i or M.</param>
    /// <param name="name">Its name.</param>
    /// <param name="category">Its category; null for none.</param>
    /// <param name="process">Process.</param>
    /// <param name="thread">Thread.</param>
    /// <param name="nanoseconds">When.</param>
    /// <param name="id">Id of an asynchronous event or a flow; negative for none.</param>
    /// <param name="duration">Duration of a complete event, nanoseconds; negative for none.</param>
    public Utf8JsonWriter Open(char phase, string name, string? category, int process, int thread, long nanoseconds, int id = -1, long duration = -1)
    {
        _buffer.Write(Count == 0 ? "\n"u8 : ",\n"u8);
        Count++;
        _json.Reset();
        _json.WriteStartObject();
        _json.WriteString("ph"u8, [phase]);
        _json.WriteString("name"u8, name);
        if (category is not null)
        {
            _json.WriteString("cat"u8, category);
        }

        _json.WriteNumber("pid"u8, process);
        _json.WriteNumber("tid"u8, thread);
        _json.WriteNumber("ts"u8, Microseconds(nanoseconds));
        if (duration >= 0)
        {
            _json.WriteNumber("dur"u8, Microseconds(duration));
        }

        if (id >= 0)
        {
            _json.WriteNumber("id"u8, id);
        }

        if (phase is 'f')
        {
            // Binds to the slice that holds the moment, not to the next one.
            _json.WriteString("bp"u8, "e"u8);
        }
        else if (phase is 'i')
        {
            _json.WriteString("s"u8, "p"u8);
        }

        _json.WriteStartObject("args"u8);
        return _json;
    }

    /// <summary>Ends the event.</summary>
    public void Close()
    {
        _json.WriteEndObject();
        _json.WriteEndObject();
        _json.Flush();
        if (_buffer.WrittenCount > ChunkBytes)
        {
            Flush();
        }
    }

    /// <summary>An event without arguments.</summary>
    public void Write(char phase, string name, string? category, int process, int thread, long nanoseconds, int id = -1, long duration = -1)
    {
        Open(phase, name, category, process, thread, nanoseconds, id, duration);
        Close();
    }

    /// <summary>Ends the file, with facts about it.</summary>
    public void Finish(IEnumerable<KeyValuePair<string, string>> facts)
    {
        _buffer.Write("\n],\"otherData\":"u8);
        _json.Reset();
        _json.WriteStartObject();
        foreach (var (key, value) in facts)
        {
            _json.WriteString(key, value);
        }

        _json.WriteEndObject();
        _json.Flush();
        _buffer.Write("}\n"u8);
        Flush();
    }

    /// <inheritdoc />
    public void Dispose() => _json.Dispose();

    private static decimal Microseconds(long nanoseconds) => (decimal)nanoseconds / 1000;

    private void Flush()
    {
        _write(_buffer.WrittenSpan);
        _buffer.ResetWrittenCount();
    }
}
