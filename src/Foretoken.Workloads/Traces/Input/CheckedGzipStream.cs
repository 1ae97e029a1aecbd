using System.IO.Compression;

namespace Foretoken.Workloads.Traces.Input;

/// <summary>
/// Reads gzip and notices when the file is cut off. The runtime's <see cref="GZipStream"/> ends such a file silently, so a
/// sealed member of our own is appended to the compressed bytes: only a file whose last member is complete lets the
/// decompressor reach it, and then its payload stands at the end of what comes out.
/// </summary>
internal sealed class CheckedGzipStream : ReadOnlyStream
{
    private static readonly byte[] Seal = "\u0001foretoken:end\u0002\n"u8.ToArray();
    private static readonly byte[] SealMember = Compress(Seal);

    private readonly GZipStream _inner;
    private readonly byte[] _held = new byte[Seal.Length]; // the newest bytes, kept back because they may be the seal
    private int _heldCount;
    private byte[] _work = [];
    private bool _ended;

    public CheckedGzipStream(Stream compressed) => _inner = new(new WithTail(compressed, SealMember), CompressionMode.Decompress);

    public override int Read(Span<byte> buffer)
    {
        if (buffer.Length == 0)
        {
            return 0;
        }

        while (!_ended)
        {
            // Read straight behind the bytes held back, give out all but the newest Seal.Length.
            var wanted = Math.Max(buffer.Length, 4096);
            if (_work.Length < wanted + Seal.Length)
            {
                _work = new byte[wanted + Seal.Length];
            }

            _held.AsSpan(0, _heldCount).CopyTo(_work);
            var read = _inner.Read(_work, _heldCount, buffer.Length);
            if (read == 0)
            {
                _ended = true;
                if (_heldCount < Seal.Length || !_held.AsSpan().SequenceEqual(Seal))
                {
                    throw new InvalidDataException("the gzip data is cut off (or stray bytes follow it)");
                }

                return 0;
            }

            var total = _heldCount + read;
            var give = Math.Max(0, total - Seal.Length);
            _work.AsSpan(0, give).CopyTo(buffer);
            _heldCount = total - give;
            _work.AsSpan(give, _heldCount).CopyTo(_held);
            if (give > 0)
            {
                return give;
            }
        }

        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private static byte[] Compress(byte[] payload)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(payload);
        }

        return output.ToArray();
    }

    /// <summary>A stream followed by fixed bytes.</summary>
    private sealed class WithTail(Stream inner, byte[] tail) : ReadOnlyStream
    {
        private int _tailGiven = -1;

        public override int Read(Span<byte> buffer)
        {
            if (_tailGiven < 0)
            {
                var read = inner.Read(buffer);
                if (read > 0)
                {
                    return read;
                }

                _tailGiven = 0;
            }

            var count = Math.Min(buffer.Length, tail.Length - _tailGiven);
            tail.AsSpan(_tailGiven, count).CopyTo(buffer);
            _tailGiven += count;
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
