"""The language's text: expressions and spec files in, validated trees and specs out."""
