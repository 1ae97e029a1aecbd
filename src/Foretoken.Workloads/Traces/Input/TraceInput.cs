using System.Diagnostics.CodeAnalysis;
using Foretoken.Quantities;

namespace Foretoken.Workloads.Traces.Input;

/// <summary>
/// The uncompressed bytes of one trace file behind a refillable window, with every failure of the file system or the
/// decompressor told as an <see cref="InputException"/> that names the file.
/// </summary>
internal sealed class TraceInput : IDisposable
{
    private readonly Stream _stream;
    private readonly int _maximumRecord;
    private byte[] _buffer;
    private bool _ended;

    public TraceInput(string name, Stream stream, int maximumRecord, int bufferBytes = 256 << 10)
    {
        Name = name;
        _stream = stream;
        _maximumRecord = maximumRecord;
        _buffer = new byte[Math.Max(bufferBytes, 64)];
    }

    /// <summary>The file as the user named it.</summary>
    public string Name { get; }

    /// <summary>Bytes in the window that were not taken yet.</summary>
    public ReadOnlySpan<byte> Window => _buffer.AsSpan(Start, End - Start);

    /// <summary>Whole buffer; positions <see cref="Start"/> to <see cref="End"/> hold bytes.</summary>
    public ReadOnlySpan<byte> Buffer => _buffer;

    /// <summary>First byte not yet taken.</summary>
    public int Start { get; set; }

    /// <summary>One past the last byte read.</summary>
    public int End { get; private set; }

    /// <summary>
    /// Opens a file and removes its compression: gzip by its first bytes, Brotli (which has none) by the name's ending.
    /// </summary>
    /// <exception cref="InputException">Missing, unreadable, a directory, empty, or compressed in an unknown way.</exception>
    public static TraceInput Open(string path, int maximumRecord)
    {
        if (string.IsNullOrWhiteSpace(path))
        {
            throw new InputException("trace file", "no file was named");
        }

        if (Directory.Exists(path))
        {
            throw new InputException(path, "is a directory, not a trace file", "name one file inside it");
        }

        FileStream? file = null;
        try
        {
            file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.Open,
                Access = FileAccess.Read,
                Share = FileShare.ReadWrite | FileShare.Delete,
                BufferSize = 0,
                Options = FileOptions.SequentialScan,
            });
            return new TraceInput(path, Decompressed(path, file), maximumRecord);
        }
        catch (Exception e) when (Describe(e, out var message))
        {
            file?.Dispose();
            throw new InputException(path, message);
        }
        catch
        {
            file?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Reads more bytes behind those in the window, moving or growing the buffer as needed. False at the end of the file.
    /// </summary>
    /// <param name="line">Line or element that the window belongs to, for the message when it gets too long.</param>
    /// <exception cref="InputException">The record is longer than allowed, or the file cannot be read on.</exception>
    public bool Fill(long line)
    {
        if (_ended)
        {
            return false;
        }

        if (Start > 0)
        {
            _buffer.AsSpan(Start, End - Start).CopyTo(_buffer);
            End -= Start;
            Start = 0;
        }

        if (End > _maximumRecord)
        {
            throw new InputException(
                Invariantly($"{Name}:{line}"),
                Invariantly($"the line is longer than {Size(_maximumRecord)}"),
                "a trace has one short row per line; is this the right file and --format?");
        }

        if (End == _buffer.Length)
        {
            Array.Resize(ref _buffer, (int)Math.Min((long)_buffer.Length * 2, (long)_maximumRecord + 4096));
        }

        try
        {
            var read = _stream.Read(_buffer, End, _buffer.Length - End);
            _ended = read == 0;
            End += read;
            return read > 0;
        }
        catch (Exception e) when (Describe(e, out var message))
        {
            throw new InputException(Invariantly($"{Name}:{line}"), message);
        }
    }

    /// <summary>Fills the window to at least <paramref name="bytes"/> where the file is that long.</summary>
    public void FillTo(int bytes)
    {
        while (End - Start < bytes && Fill(1))
        {
        }
    }

    public void Dispose() => _stream.Dispose();

    private static Stream Decompressed(string path, FileStream file)
    {
        Span<byte> head = stackalloc byte[4];
        var read = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        head = head[..read];
        if (read == 0 && !IsPipe(file))
        {
            throw new InputException(path, "is empty", "a trace needs at least one request");
        }

        Stream whole;
        if (file.CanSeek)
        {
            file.Position = 0;
            whole = file;
        }
        else
        {
            whole = new WithHead(head.ToArray(), file);
        }

        if (read >= 2 && head[0] == 0x1F && head[1] == 0x8B)
        {
            return new CheckedGzipStream(whole);
        }

        if (read >= 4 && head.SequenceEqual((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD]))
        {
            throw new InputException(path, "is compressed with Zstandard, which is not read", "decompress it, or use gzip or Brotli");
        }

        if (read >= 4 && head.SequenceEqual("PK\u0003\u0004"u8))
        {
            throw new InputException(path, "is a zip archive", "unpack it and name the trace inside");
        }

        return path.EndsWith(".br", StringComparison.OrdinalIgnoreCase) ? new CheckedBrotliStream(whole) : whole;
    }

    private static bool IsPipe(FileStream file) => !file.CanSeek;

    private static bool Describe(Exception e, [NotNullWhen(true)] out string? message)
    {
        message = e switch
        {
            FileNotFoundException or DirectoryNotFoundException => "no such file",
            UnauthorizedAccessException => "may not be read (permission denied)",
            InvalidDataException { Message: var m } when m.StartsWith("the ", StringComparison.Ordinal) || m.StartsWith("stray", StringComparison.Ordinal) => m,
            InvalidDataException => "the compressed data is damaged or cut off",
            IOException => "cannot be read: " + e.Message,
            ArgumentException or NotSupportedException => "is not a usable file name",
            _ => null,
        };
        return message is not null;
    }

    private static string Size(int bytes) => bytes >= 1 << 20 && bytes % (1 << 20) == 0 ? Invariantly($"{bytes >> 20} MiB") : Invariantly($"{bytes} bytes");

    private static string Invariantly(FormattableString text) => FormattableString.Invariant(text);

    /// <summary>Bytes already read, followed by the rest (for pipes, which cannot go back).</summary>
    private sealed class WithHead(byte[] head, Stream rest) : ReadOnlyStream
    {
        private int _given;

        public override int Read(Span<byte> buffer)
        {
            if (_given == head.Length)
            {
                return rest.Read(buffer);
            }

            var count = Math.Min(buffer.Length, head.Length - _given);
            head.AsSpan(_given, count).CopyTo(buffer);
            _given += count;
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                rest.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
