using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using Foretoken.Quantities;

namespace Foretoken.Workloads.Traces.Writers;

/// <summary>
/// A file that appears under its name only when it is whole: written beside it under another name, then renamed. The name's
/// ending says the compression (.gz, .br).
/// </summary>
internal sealed class AtomicOutput : IDisposable
{
    private readonly string _path;
    private readonly string _temporary;
    private readonly bool _replace;
    private readonly FileStream _file;
    private readonly Stream _stream;
    private bool _done;

    /// <summary>Opens the output.</summary>
    /// <exception cref="InputException">The name is taken (and may not be replaced), or the folder cannot be written to.</exception>
    public AtomicOutput(string path, bool replace)
    {
        _path = path;
        _replace = replace;
        if (string.IsNullOrWhiteSpace(path) || Directory.Exists(path))
        {
            throw new InputException(string.IsNullOrWhiteSpace(path) ? "output" : path, "is not a file name to write to");
        }

        RefuseExisting();
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        _temporary = Path.Combine(folder, FormattableString.Invariant($".{Path.GetFileName(path)}.{Environment.ProcessId}.part"));
        try
        {
            _file = new FileStream(_temporary, FileMode.Create, FileAccess.Write, FileShare.None, 128 << 10);
        }
        catch (Exception e) when (Describe(e, out var message))
        {
            throw new InputException(path, message);
        }

        _stream = Path.GetExtension(path).ToUpperInvariant() switch
        {
            ".GZ" => new GZipStream(_file, CompressionLevel.Optimal),
            ".BR" => new BrotliStream(_file, CompressionLevel.Fastest),
            _ => _file,
        };
    }

    /// <summary>Writes bytes.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _stream.Write(bytes);
        }
        catch (Exception e) when (Describe(e, out var message))
        {
            throw new InputException(_path, message);
        }
    }

    /// <summary>Closes the file and gives it its name.</summary>
    public void Complete()
    {
        try
        {
            if (_stream != _file)
            {
                _stream.Dispose();
            }
            else
            {
                _file.Flush(flushToDisk: true);
            }

            _file.Dispose();
            RefuseExisting();
            File.Move(_temporary, _path, _replace);
            _done = true;
        }
        catch (Exception e) when (Describe(e, out var message))
        {
            throw new InputException(_path, message);
        }
    }

    public void Dispose()
    {
        if (_done)
        {
            return;
        }

        _done = true;
        try
        {
            _file.Dispose();
            File.Delete(_temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The attempt already failed; what is left behind does not carry the trace's name.
        }
    }

    private void RefuseExisting()
    {
        if (!_replace && File.Exists(_path))
        {
            throw new InputException(_path, "exists already", "choose another name, or replace it with --force");
        }
    }

    private static bool Describe(Exception e, [NotNullWhen(true)] out string? message)
    {
        message = e switch
        {
            DirectoryNotFoundException => "its folder does not exist",
            UnauthorizedAccessException => "may not be written (permission denied)",
            IOException => "cannot be written: " + e.Message,
            ArgumentException or NotSupportedException => "is not a usable file name",
            _ => null,
        };
        return message is not null;
    }
}
