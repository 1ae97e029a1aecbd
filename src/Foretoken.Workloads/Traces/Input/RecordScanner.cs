namespace Foretoken.Workloads.Traces.Input;

/// <summary>Cuts an input into records: lines, or the elements of a JSON array.</summary>
internal abstract class RecordScanner(TraceInput input) : IDisposable
{
    /// <summary>The bytes that are cut.</summary>
    protected TraceInput Input { get; } = input;

    /// <summary>Line on which the current record begins, from 1.</summary>
    public long Line { get; protected set; }

    /// <summary>The file as the user named it.</summary>
    public string Name => Input.Name;

    /// <summary>The next record that is not blank, valid until the next call; false at the end.</summary>
    public abstract bool TryNext(out ReadOnlySpan<byte> record);

    public void Dispose() => Input.Dispose();
}
