namespace Foretoken.Twin.Scenarios.Documents;

/// <summary>Where a value was written: a place in a file, or an option of the command line.</summary>
/// <param name="Source">The file's name as the user gave it, or the option (<c>--set engine.block_size=32</c>).</param>
/// <param name="Line">Line in the file from 1; 0 for an option.</param>
/// <param name="Column">Column in the line from 1; 0 for an option.</param>
public sealed record Origin(string Source, int Line = 0, int Column = 0)
{
    /// <summary>Whether the value stands in a file, so that relative paths in it are relative to that file.</summary>
    public bool IsFile => Line > 0;

    /// <summary><c>file:line:column</c>, or the option.</summary>
    public override string ToString() => IsFile ? $"{Source}:{Line}:{Column}" : Source;
}
