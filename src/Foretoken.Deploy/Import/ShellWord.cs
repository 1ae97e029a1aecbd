namespace Foretoken.Deploy.Import;

/// <summary>A word of a shell command and where it stands.</summary>
/// <param name="Text">The word without its quotes.</param>
/// <param name="Place">File, line and column, or the path in a document.</param>
internal sealed record ShellWord(string Text, string Place);

/// <summary>One command of a shell text.</summary>
/// <param name="Words">Its words.</param>
/// <param name="Comments">The comment lines that stand before it, without the hash.</param>
internal sealed record ShellCommand(IReadOnlyList<ShellWord> Words, IReadOnlyList<string> Comments);
