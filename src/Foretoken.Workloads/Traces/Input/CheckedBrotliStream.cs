using System.Buffers;
using System.IO.Compression;

namespace Foretoken.Workloads.Traces.Input;

/// <summary>Reads Brotli and notices when the file is cut off, which the runtime's <see cref="BrotliStream"/> does not.</summary>
internal sealed class CheckedBrotliStream(Stream compressed) : ReadOnlyStream
{
    private readonly byte[] _input = new byte[64 << 10];
    private BrotliDecoder _decoder;
    private int _start;
    private int _end;
    private bool _done;

    public override int Read(Span<byte> buffer)
    {
        if (buffer.Length == 0 || _done)
        {
            return 0;
        }

        while (true)
        {
            var status = _decoder.Decompress(_input.AsSpan(_start, _end - _start), buffer, out var consumed, out var written);
            _start += consumed;
            if (status == OperationStatus.InvalidData)
            {
                throw new InvalidDataException("the Brotli data is damaged (or this is not a Brotli file)");
            }

            if (status == OperationStatus.Done)
            {
                _done = true;
                if (_start < _end || compressed.ReadByte() >= 0)
                {
                    throw new InvalidDataException("stray bytes follow the Brotli data");
                }

                return written;
            }

            if (written > 0)
            {
                return written;
            }

            _input.AsSpan(_start, _end - _start).CopyTo(_input);
            _end -= _start;
            _start = 0;
            var read = compressed.Read(_input, _end, _input.Length - _end);
            if (read == 0)
            {
                throw new InvalidDataException("the Brotli data is cut off");
            }

            _end += read;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _decoder.Dispose();
            compressed.Dispose();
        }

        base.Dispose(disposing);
    }
}
